// The options of a command about access lists, read by node:util's rules and refused in our own words.
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { ConfigError } from '../../lib/errors.ts'
import { nearest } from '../../lib/nearest.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<Known extends Options> = ReturnType<
  typeof parseArgs<{ options: Known; allowPositionals: true; strict: true; args: string[] }>
>

/**
 * Reads the arguments of a command (`acl explain`): its options, and its other arguments as `positionals`. Throws ConfigError, one
 * sentence, for an option that is unknown, has no value, has one it does not take, or stands twice where it counts once.
 */
export function parseOptions<const Known extends Options>(
  command: string,
  args: readonly string[],
  options: Known,
): Parsed<Known> {
  const config = { args: [...args], options, allowPositionals: true } as const
  const seen = new Set<string>()
  for (const token of parseArgs({ ...config, strict: false, tokens: true }).tokens) {
    if (token.kind !== 'option') continue
    const complaint = complaintAbout(token, options, seen)
    if (complaint !== undefined) throw new ConfigError(`${command}: ${complaint}`)
    seen.add(token.name)
  }
  return parseArgs({ ...config, strict: true })
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function complaintAbout(token: OptionToken, options: Options, seen: ReadonlySet<string>): string | undefined {
  const { name, rawName, value, inlineValue } = token
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined || rawName !== `--${name}`) return `unknown option ${rawName}${suggest(name, options)}`
  if (option.type === 'boolean') return value === undefined ? undefined : `${rawName} takes no value`
  if (value === undefined) return `${rawName} needs a value`
  if (inlineValue !== true && value.length > 1 && value.startsWith('-'))
    return `${rawName} needs a value (one that begins with a dash is written ${rawName}=${value})`
  return seen.has(name) && option.multiple !== true ? `${rawName} stands there twice` : undefined
}

function suggest(name: string, options: Options): string {
  const known = Object.keys(options)
  const suggestion = nearest(name, known)
  if (suggestion !== undefined) return `; did you mean --${suggestion}?`
  return `; it knows ${known.map((one) => `--${one}`).join(', ')}`
}
