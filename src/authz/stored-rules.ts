// The rules a database holds, made an access list: read whole, checked and compiled, in pieces so small that nobody waits for them.
import { createHash } from 'node:crypto'
import { serialize } from 'node:v8'
import type { z } from 'zod'
import { ConfigError } from '../lib/errors.ts'
import type { Problem } from '../lib/errors.ts'
import { createTurns } from '../lib/turns.ts'
import { createAclBuilder } from './acl/acl.ts'
import type { Acl } from './acl/acl.ts'
import { AclEntryConfig, matchKeys } from './acl/config.ts'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_NAMED = 20

/** A rule as somebody stored it, and what logs call it: `acl_mongo:seq=20`. */
export interface AclRow {
  readonly value: unknown
  readonly position: string
}

/** All that is stored, in order. Where two digests are the same, so are the rows. */
export interface RowSet {
  readonly rows: readonly AclRow[]
  readonly digest: string
}

/** Reads rows to their end. Throws ConfigError when they are too large, and what they or `signal` throw. */
export async function readRows(source: AsyncIterable<AclRow>, signal: AbortSignal): Promise<RowSet> {
  const takeTurns = createTurns(signal)
  const digest = createHash('sha256')
  const rows: AclRow[] = []
  let bytes = 0
  for await (const { value, position } of source) {
    const written = serialize([position, value])
    bytes += written.length
    if (bytes > MAX_BYTES) throw new ConfigError(`the rules are larger than ${MAX_BYTES / 1024 / 1024} MiB`)
    digest.update(written)
    rows.push({ value, position })
    await takeTurns()
  }
  return { rows, digest: digest.digest('base64') }
}

/** Checks and compiles them; warnings are for the log. Throws ConfigError naming the bad rules (the first twenty), and what `signal` throws. */
export async function compileRows(
  { rows }: RowSet,
  signal: AbortSignal,
): Promise<{ readonly acl: Acl; readonly warnings: readonly Problem[] }> {
  const takeTurns = createTurns(signal)
  const builder = createAclBuilder()
  const ids = new Map<string, string>()
  const problems: Problem[] = []
  const warnings: Problem[] = []
  for (const { value, position } of rows) {
    await takeTurns()
    const at = (path: readonly PropertyKey[], message: string): Problem => ({
      path: position,
      message: path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    })
    const { known, foreign } = split(withoutNulls(value))
    for (const key of foreign) {
      if (matchKeys.includes(key)) problems.push(at([key], 'stands beside match, where it means nothing'))
      else warnings.push(at([key], 'is no key of a rule and means nothing'))
    }
    const parsed = AclEntryConfig.safeParse(known)
    if (!parsed.success) {
      for (const issue of parsed.error.issues) for (const line of linesOf(issue)) problems.push(at(issue.path, line))
      continue
    }
    const entry = parsed.data
    if (entry.id !== undefined) {
      const namesake = ids.get(entry.id)
      if (namesake !== undefined) problems.push(at(['id'], `"${entry.id}" is the id of ${namesake}, too`))
      ids.set(entry.id, position)
    }
    const remarks = builder.add({ entry, position })
    problems.push(...remarks.problems.map(({ path, message }) => at(path, message)))
    warnings.push(...remarks.warnings.map(({ path, message }) => at(path, message)))
  }
  if (problems.length > 0) throw new ConfigError(firstOf(problems))
  return { acl: builder.finish(), warnings: firstOf(warnings) }
}

function firstOf(problems: readonly Problem[]): readonly Problem[] {
  const more = problems.length - MAX_NAMED
  return more > 0 ? [...problems.slice(0, MAX_NAMED), { message: `and ${more} more` }] : problems
}

// What is called a single value where YAML is read is text where values have types.
function linesOf(issue: z.core.$ZodIssue): readonly string[] {
  return issue.code === 'invalid_type' && issue.expected === 'string' ? ['must be text'] : issue.message.split('\n')
}

// A key whose value is null is not there, as for docker_auth. Anything that has no keys (a date, an object id) becomes text where there
// must be keys: it would pass for a `match` that matches everything.
function withoutNulls(value: unknown, [inner, ...deeper]: readonly string[] = ['match', 'time']): unknown {
  if (value === null || value === undefined) return undefined
  if (!isMap(value)) return Object.prototype.toString.call(value)
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => [
    key,
    key === inner ? withoutNulls(member, deeper) : (member ?? undefined),
  ])
  return Object.fromEntries(members)
}

// Whoever keeps the collection may have fields of their own; a condition in the wrong place is another matter.
function split(value: unknown): { readonly known: unknown; readonly foreign: readonly string[] } {
  if (!isMap(value)) return { known: value, foreign: [] }
  const isKnown = (key: string): boolean => Object.hasOwn(AclEntryConfig.shape, key)
  return {
    known: Object.fromEntries(Object.entries(value).filter(([key]) => isKnown(key))),
    foreign: Object.keys(value).filter((key) => !isKnown(key)),
  }
}

function isMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
