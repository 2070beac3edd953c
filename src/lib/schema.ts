// The building blocks of every configuration schema. YAML scalars arrive as their source text, as they do in docker_auth's Go structs;
// what `meta` says instead is for the JSON Schema, because editors see the scalars that YAML 1.2 sees.
import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'

/** An object that refuses unknown keys, one line of the message for each. `hints` answers for keys that are wrong in a known way. */
export function strict<Shape extends z.ZodRawShape>(
  shape: Shape,
  hints: Readonly<Record<string, string>> = {},
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, Object.keys(shape), hints)).join('\n')
        : 'must be a map of keys and values',
  })
}

function unknownKey(key: string, known: readonly string[], hints: Readonly<Record<string, string>>): string {
  const hint = Object.hasOwn(hints, key) ? hints[key] : undefined
  if (hint !== undefined) return `unknown key "${key}": ${hint}`
  const suggestion = nearest(key, known)
  return suggestion === undefined
    ? `unknown key "${key}"; known keys are ${known.join(', ')}`
    : `unknown key "${key}"; did you mean "${suggestion}"?`
}

/** Any scalar, as its source text. */
export const text = z.string({ error: 'must be a single value' })

/** A scalar that is not empty. */
export const nonEmpty = text.min(1, { error: 'must not be empty' })

const TRUE = /^(?:y|yes|true|on)$/i
const FALSE = /^(?:n|no|false|off)$/i

/** A YAML 1.1 boolean. */
export const bool = text
  .transform((value, context) => {
    if (TRUE.test(value)) return true
    if (FALSE.test(value)) return false
    context.issues.push({ code: 'custom', input: value, message: `must be true or false, not "${value}"` })
    return z.NEVER
  })
  .meta({
    type: ['boolean', 'string'],
    pattern: '^(?:[yY](?:[eE][sS])?|[tT][rR][uU][eE]|[oO][nN]|[nN][oO]?|[fF][aA][lL][sS][eE]|[oO][fF][fF])$',
  })

const INTEGER = '[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|0|[1-9][0-9_]*)'

/** A whole number in any form YAML 1.1 knows: `24`, `0x18`, `0b11000`, `030`, `0o30`, `2_4`. */
export const int = text
  .transform((value, context) => {
    const parsed = parseInteger(value)
    if (parsed !== undefined) return parsed
    context.issues.push({ code: 'custom', input: value, message: `must be a whole number, not "${value}"` })
    return z.NEVER
  })
  .meta({ type: ['integer', 'string'], pattern: `^${INTEGER}$` })

function parseInteger(value: string): number | undefined {
  const plain = value.replaceAll('_', '')
  const [matched, sign, digits] = /^([+-]?)(0x[0-9a-f]+|0b[01]+|0o?[0-7]+|0|[1-9][0-9]*)$/i.exec(plain) ?? []
  if (matched === undefined || digits === undefined) return undefined
  const magnitude = Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if (!Number.isSafeInteger(magnitude)) return undefined
  return sign === '-' ? -magnitude : magnitude
}

/** A duration in milliseconds: Go's form (`1h30m`), or a bare integer in nanoseconds. */
export const duration = text
  .transform((value, context) => {
    const parsed = parseDuration(value) ?? parseNanoseconds(value)
    if (parsed !== undefined) return parsed
    context.issues.push({
      code: 'custom',
      input: value,
      message: `must be a duration such as 10s or 1h30m, not "${value}"`,
    })
    return z.NEVER
  })
  .meta({
    type: ['string', 'integer'],
    pattern: `^(?:[+-]?(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+|${INTEGER})$`,
  })

function parseNanoseconds(value: string): number | undefined {
  const nanoseconds = parseInteger(value)
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6
}

/** A list of scalars. */
export const texts = z.array(text, { error: 'must be a list' })

/** A map with any keys but `__proto__`, which `z.record` would leave out without a word. */
export function mapOf<Value extends z.ZodType>(
  value: Value,
  error: string,
): z.ZodPipe<z.ZodUnknown, z.ZodRecord<z.ZodString, Value>> {
  return z
    .unknown()
    .refine((map) => typeof map !== 'object' || map === null || !Object.hasOwn(map, '__proto__'), {
      error: '"__proto__" cannot be a key',
      abort: true,
    })
    .pipe(z.record(z.string(), value, { error }))
}

/** A section that exists elsewhere but not here yet: refused by name, never ignored. */
export const notSupportedYet = z
  .unknown()
  .refine((value) => value === undefined, { error: 'not supported yet' })
  .optional()
