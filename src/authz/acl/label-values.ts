// Which values of a label can be part of a match with a field: found once for a request, however many rules ask.
import { choiceOf } from '../../lib/glob.ts'
import { isLiteral } from './pattern.ts'
import type { Field, Template } from './template.ts'
import { valueOf } from './walk.ts'
import type { Candidates, Walk } from './walk.ts'

/** The values of a label for patterns of this kind and this field; undefined for a label that the identity does not have. */
export function candidatesFor(kind: Template['kind'], field: Field, label: string, walk: Walk): Candidates | undefined {
  const { identity } = walk.request
  const all = Object.hasOwn(identity.labels, label) ? identity.labels[label] : undefined
  if (all === undefined) return undefined
  const key = `${kind} ${field} ${label}`
  const known = walk.candidates.get(key)
  if (known !== undefined) return known
  walk.budget -= all.length
  const subject = valueOf(walk.request, field)
  const plain = !identity.labelsArePatterns || all.every((value) => isLiteral(kind, value))
  const occurring = plain ? [...new Set(all)].filter((value) => subject.includes(value)) : []
  const found = { all, plain, occurring, choice: choiceOf(occurring) }
  walk.candidates.set(key, found)
  return found
}
