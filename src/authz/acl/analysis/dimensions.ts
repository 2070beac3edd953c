// The dimensions of two lists, and at each point of the walk through them the values that are worth trying.
import { FIELDS } from '../template.ts'
import type { Field } from '../template.ts'
import { isOpen, LABEL } from './compared-rule.ts'
import type { ComparedRule } from './compared-rule.ts'
import { addressChoices, choiceOf, textChoices, timeChoices } from './dimension.ts'
import type { Choice, Choices, Demand } from './dimension.ts'
import { filledWith } from './example.ts'
import { samplesOf } from './samples.ts'

const COMBINATIONS = 500
const SEEDS = 40

/** A dimension and all its choices. */
export interface Dimension extends Choices {
  readonly name: string
}

/** By dimension: the text there, or the values of a label; of one that is not there yet, nothing is known. */
export type Chosen = Readonly<Record<string, readonly string[]>>

/** Texts of one dimension that a request has together, and the keys of the demands that they meet. */
export interface Combination {
  readonly texts: readonly string[]
  readonly meets: ReadonlySet<string>
}

/**
 * The dimensions in which these rules ask something. The name comes behind what its placeholders stand for, and before the other labels, because it leaves the
 * fewest rules.
 */
export function dimensionsOf(rules: readonly ComparedRule[], now: number): Dimension[] {
  const matches = rules.map(({ region }) => region.match)
  const mentioned = rules.flatMap(({ demands, mentions }) => [...demands.keys(), ...mentions])
  const labels = [...new Set(mentioned)].filter((name) => name.startsWith(LABEL))
  const open = rules.some(isOpen)
  const isMentioned = (label: string): boolean => rules.some(({ mentions }) => mentions.has(label))
  const words = rules.flatMap(({ region }) =>
    Object.values(region.fields).flatMap(({ prefix }) => [prefix, ...prefix.split('/')]),
  )
  const seeds = open ? [...new Set(words)].filter((word) => word !== '').slice(0, SEEDS) : []
  const demandsOn = (name: string): Demand[] => [
    ...new Map(rules.flatMap(({ demands }) => demands.get(name) ?? []).map((demand) => [demand.key, demand])).values(),
  ]
  const onText = (name: string, of: Field | 'label'): Dimension => ({
    name,
    ...textChoices(of, demandsOn(name), seeds),
  })
  return [
    onText('account', 'account'),
    onText('service', 'service'),
    onText('type', 'type'),
    { name: 'ip', ...addressChoices(matches) },
    { name: 'time', ...timeChoices(matches, now) },
    ...labels.filter(isMentioned).map((name) => onText(name, 'label')),
    onText('name', 'name'),
    ...labels.filter((name) => !isMentioned(name)).map((name) => onText(name, 'label')),
  ]
}

/** What is worth trying in this dimension for the rules that ask something there, now that so much is chosen. */
export function choicesAt(
  dimension: Dimension,
  asking: readonly ComparedRule[],
  chosen: Chosen,
): { readonly choices: readonly Combination[]; readonly complete: boolean } {
  const { name, choices, complete } = dimension
  const made = [...choices, ...filledIn(name, asking, chosen)]
  if (!name.startsWith(LABEL)) {
    const all = made.map(({ text, meets }) => ({ texts: [text], meets }))
    return asking.length === 0 ? { choices: all.slice(0, 1), complete: true } : { choices: all, complete }
  }
  if (asking.length === 0) return { choices: [NONE], complete: true }
  return combinationsOf(
    distinct(made, name, asking),
    2 * Math.max(...asking.map((rule) => rule.demands.get(name)?.length ?? 0)),
    complete,
  )
}

const NONE: Combination = { texts: [], meets: new Set() }

// Texts that rules with placeholders could be about, now that much of the request is known.
function filledIn(name: string, asking: readonly ComparedRule[], chosen: Chosen): Choice[] {
  const demands = asking.flatMap((rule) => rule.demands.get(name) ?? [])
  const texts = asking.flatMap(({ region, demands: own }) =>
    (own.get(name) ?? []).flatMap(({ condition }) => {
      if (condition?.template === undefined) return []
      const { fields, labels } = draftOf(chosen)
      return samplesOf(filledWith(condition, fields, labels, region))
    }),
  )
  return [...new Set(texts)].filter((text) => text !== '').map((text) => choiceOf(text, demands))
}

function distinct(choices: readonly Choice[], name: string, asking: readonly ComparedRule[]): Choice[] {
  const sensitive = asking.some((rule) => rule.mentions.has(name))
  const demanded = new Set(asking.flatMap((rule) => (rule.demands.get(name) ?? []).map(({ key }) => key)))
  const kinds = new Map<string, Choice>()
  for (const choice of choices) {
    const key =
      [...choice.meets]
        .filter((one) => demanded.has(one))
        .sort()
        .join('\n') + (sensitive ? `\n${choice.text}` : '')
    if (!kinds.has(key)) kinds.set(key, choice)
  }
  return [...kinds.values()]
}

// A first rule of each list decides. Each demand needs one value, so no more values than these two rules have demands tell them apart.
function combinationsOf(
  choices: readonly Choice[],
  size: number,
  complete: boolean,
): { choices: Combination[]; complete: boolean } {
  let sets: { readonly combination: Combination; readonly next: number }[] = [{ combination: NONE, next: 0 }]
  const all = [NONE]
  for (let round = 0; round < Math.max(1, size); round++) {
    sets = sets.flatMap(({ combination, next }) =>
      choices.slice(next).map(({ text, meets }, index) => ({
        combination: { texts: [...combination.texts, text], meets: new Set([...combination.meets, ...meets]) },
        next: next + index + 1,
      })),
    )
    if (round > 0 && all.length + sets.length > COMBINATIONS) return { choices: all, complete: false }
    all.push(...sets.map(({ combination }) => combination))
  }
  return { choices: all, complete }
}

/** The fields and labels that are chosen; the usual ones where nothing is. */
export function draftOf(chosen: Chosen): {
  fields: Readonly<Record<Field, string>>
  labels: Record<string, readonly string[]>
} {
  const [account = 'alice', type = 'repository', name = 'library/app', service = 'registry'] = FIELDS.map(
    (field) => chosen[field]?.[0],
  )
  const labels = Object.entries(chosen).filter(([key, values]) => key.startsWith(LABEL) && values.length > 0)
  return {
    fields: { account, type, name, service },
    labels: Object.fromEntries(labels.map(([key, values]) => [key.slice(LABEL.length), values])),
  }
}
