// A casbin model, checked: casbin passes over what it does not know, and a rule that denies would be missed.
import type { Assertion, Model } from 'casbin'
import { ConfigError } from '../../lib/errors.ts'
import type { CompilePattern } from './functions.ts'

/** What a request brings, in this order, whatever the model calls it. */
export const REQUEST_VALUES = ['account', 'type', 'name', 'service', 'ip', 'action', 'labels'] as const

/** A comparison of the matcher whose pattern stands in a column of the policy. */
export interface Comparison {
  readonly call: string
  readonly column: number
  /** The column's values that the matcher also compares as texts, as in `p.ip == "*" || ipMatch(r.ip, p.ip)`: they are no patterns. */
  readonly texts: readonly string[]
}

/** What the rows of a policy have to fit. */
export interface ModelFacts {
  /** The values of a row, by the key that it begins with: their names, which roles do not have. */
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly comparisons: readonly Comparison[]
  /** The functions that the matcher calls. */
  readonly calls: ReadonlySet<string>
  /** Whether only what a row allows is allowed, and not everything that none denies. */
  readonly needsRow: boolean
}

const UNLESS_DENIED = '!some(where (p.eft == deny))'
const EFFECTS = [
  'some(where (p.eft == allow))',
  UNLESS_DENIED,
  'some(where (p.eft == allow)) && !some(where (p.eft == deny))',
  'priority(p.eft) || deny',
]
const WORDS = new Set(['true', 'false', 'in'])

/** Looks a model through. Throws ConfigError for what it must not say. */
export function inspectModel(model: Model, functions: ReadonlyMap<string, CompilePattern>): ModelFacts {
  const [request, policy, effect, matcher] = ['r', 'p', 'e', 'm'].map((key) => definition(model, key))
  if (request === undefined || policy === undefined || effect === undefined || matcher === undefined)
    throw new ConfigError('must define r, p, e and m')
  if (request.tokens.length !== REQUEST_VALUES.length)
    throw new ConfigError(`r must name seven values: ${REQUEST_VALUES.join(', ')}`)
  const decides = effect.value.replaceAll('p_', 'p.')
  if (!EFFECTS.includes(decides)) throw new ConfigError(`e must be one of: ${EFFECTS.join(', ')}`)

  const columns = new Map([['p', policy.tokens.map((token) => token.replace(/^p_/, ''))]])
  for (const [key, { value }] of model.model.get('g') ?? []) {
    if (!/^_,\s*_(?:,\s*_)?$/.test(value)) throw new ConfigError(`${key} must be _, _ or _, _, _`)
    columns.set(key, value.split(','))
  }

  const names = new Set([...request.tokens, ...policy.tokens])
  const code = matcher.value.replace(/"[^"]*"|'[^']*'/g, '""')
  const calls = callsIn(code, names, (name) => functions.has(name) || (columns.has(name) && name !== 'p'))
  const comparisons = [...code.matchAll(/([\w$]+)\s*\([^(),]*,\s*(p_\w+)\s*\)/g)]
    .filter(([, call = '']) => functions.has(call))
    .map(([, call = '', token = '']) => {
      const texts = [...matcher.value.matchAll(/\b(p_\w+)\s*==\s*(?:"([^"]*)"|'([^']*)')/g)]
      return {
        call,
        column: policy.tokens.indexOf(token),
        texts: texts.flatMap(([, name, double, single]) => (name === token ? (double ?? single ?? []) : [])),
      }
    })
  return { columns, comparisons, calls, needsRow: decides !== UNLESS_DENIED }
}

function definition(model: Model, key: string): Assertion | undefined {
  return model.model.get(key)?.get(key)
}

// To casbin, a name that is not there is a value that nothing equals.
function callsIn(code: string, names: ReadonlySet<string>, isFunction: (name: string) => boolean): ReadonlySet<string> {
  if (code.includes('[')) throw new ConfigError('m has a bracket, which stands in texts only')
  const calls = new Set<string>()
  for (const [, name = '', call] of code.matchAll(/([A-Za-z_$][\w$.]*)\s*(\()?/g)) {
    if (WORDS.has(name)) continue
    const defined = call === undefined ? names.has(name) : isFunction(name)
    if (!defined) throw new ConfigError(`m says ${name.replace(/^([rp]\d*)_/, '$1.')}, which is not defined`)
    if (call !== undefined) calls.add(name)
  }
  return calls
}
