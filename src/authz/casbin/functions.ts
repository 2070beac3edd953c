// What a matcher can call to compare a value with a pattern. Its expressions are RE2's, as in docker_auth: those that casbin brings
// are JavaScript's, and a name that a client chose could keep them busy for ever.
import { z } from 'zod'
import { ConfigError } from '../../lib/errors.ts'
import { compileGlob } from '../../lib/glob.ts'
import { compileIpPattern, parseIp } from '../../lib/ip.ts'
import { parseJson } from '../../lib/json.ts'
import { compileRegex } from '../../lib/regex.ts'
import { mapOf } from '../../lib/schema.ts'
import { remember } from './remember.ts'

type Matches = (value: string) => boolean

/** What a function does with its second argument, a pattern. Throws ConfigError where the pattern has no meaning. */
export type CompilePattern = (pattern: string) => Matches

/** Casbin's functions and docker_auth's labelMatch, by name; each remembers up to `limit` patterns. */
export function createFunctions(limit: number): ReadonlyMap<string, CompilePattern> {
  // The labels of whoever asks are the same for row after row.
  const labels = remember(FEW, readLabels)
  const functions: Record<string, CompilePattern> = {
    keyMatch: compileKey,
    keyMatch2: (pattern) => compilePath(pattern, /:[^/]+/g),
    keyMatch3: (pattern) => compilePath(pattern, /\{[^/]+\}/g),
    regexMatch: compileExpression,
    globMatch: compileSegments,
    ipMatch: compileNetwork,
    labelMatch: (pattern) => compileLabels(readLabels(pattern), labels),
  }
  return new Map(Object.entries(functions).map(([name, compile]) => [name, remember(limit, compile)]))
}

const FEW = 16

/** A function as a matcher calls it: with a value and a pattern. It throws ConfigError where an answer would be a guess. */
export function createMatch(name: string, compile: CompilePattern): (value: unknown, pattern: unknown) => boolean {
  return (value, pattern) => {
    if (typeof value === 'string' && typeof pattern === 'string') return compile(pattern)(value)
    throw new ConfigError(`${name} compares two texts`)
  }
}

// Whatever stands behind the first star does not count.
function compileKey(pattern: string): Matches {
  const star = pattern.indexOf('*')
  const start = pattern.slice(0, star)
  return star < 0 ? (value) => value === pattern : (value) => value.startsWith(start)
}

function compilePath(pattern: string, placeholder: RegExp): Matches {
  return compileExpression(`^${pattern.replaceAll('/*', '/.*').replace(placeholder, '[^/]+')}$`)
}

function compileExpression(pattern: string): Matches {
  // The value of every column where there are no rows at all.
  if (pattern === '') throw new ConfigError('is empty and would match everything, which .* does')
  const compiled = compileRegex(pattern)
  if (compiled.outcome === 'invalid') throw new ConfigError(`is not a valid regular expression: ${compiled.reason}`)
  return compiled.regex.matches
}

function compileSegments(pattern: string): Matches {
  const { matches, malformed } = compileGlob(pattern)
  if (malformed) throw new ConfigError('is a malformed pattern')
  return matches
}

function compileNetwork(pattern: string): Matches {
  const contains = compileIpPattern(pattern)
  if (contains === undefined) throw new ConfigError('is neither an IP address nor a network such as 192.0.2.0/24')
  return (value) => contains(parseIp(value) ?? '')
}

const JsonLabels = mapOf(
  z
    .array(z.string())
    .nullable()
    .transform((values) => values ?? []),
  'must be a map',
).nullable()

type LabelValues = ReadonlyMap<string, readonly string[]>

// To docker_auth, what is no JSON of this shape is no constraint.
function readLabels(json: string): LabelValues {
  const { success, data } = JsonLabels.safeParse(parseJson(json))
  if (!success) throw new ConfigError('must be labels in JSON such as {"team": ["web"]}, or {} for any')
  return new Map(Object.entries(data ?? {}))
}

// Every value that is wanted has to be there.
function compileLabels(wanted: LabelValues, read: (json: string) => LabelValues): Matches {
  return (value) => {
    const labels = read(value)
    return [...wanted].every(([label, values]) => values.every((one) => labels.get(label)?.includes(one) === true))
  }
}
