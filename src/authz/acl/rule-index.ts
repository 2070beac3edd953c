// Which rules of a long list can match a request at all: by the literal account, the literal name or what it begins with, and
// literal labels. It only leaves out; whether a rule matches is for the rule to say.
import type { Identity } from '../../protocol/identity.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import type { Condition } from './condition.ts'
import type { Rule } from './rule.ts'

type Lists = (readonly Rule[])[]

/** Rules go in by ascending number. */
export interface RuleIndex {
  add(rule: Rule): void
  /** All rules that may match, in lists that are ascending each and not empty. */
  candidates(request: AuthorizationRequest): Lists
}

// So many rules of one place are looked at in turn before those behind them are told apart any further.
const FEW = 6

// How many different lengths of beginnings are looked up, and how many slashes deep; what is longer counts as its shorter beginning.
const LENGTHS = 8
const DEPTH = 8

// Rules of one account.
interface AccountPlace {
  readonly rules: Rule[]
  names?: Names
}

// Rules by their name's pattern: one name, a beginning, or anything else. A beginning that ends with a slash is looked up where the
// name has one.
interface Names {
  readonly whole: Map<string, LabelPlace>
  readonly beginnings: Map<string, LabelPlace>
  readonly rest: LabelPlace
  readonly lengths: number[]
  depth: number
}

interface LabelPlace {
  readonly rules: Rule[]
  /** By label, then by value. */
  labels?: Map<string, Map<string, Rule[]>>
}

/** An index without rules. */
export function createRuleIndex(): RuleIndex {
  const anyone = createNames()
  const accounts = new Map<string, AccountPlace>()
  return {
    add(rule) {
      const condition = rule.conditions.find(({ on }) => on === 'account')
      const account = condition === undefined ? undefined : literalOf(condition)
      if (account === undefined) addByName(anyone, rule)
      else addByAccount(accounts, account, rule)
    },
    candidates(request) {
      const lists: Lists = []
      collectByName(anyone, request, lists)
      const own = accounts.get(request.identity.account)
      if (own !== undefined) lists.push(own.rules)
      if (own?.names !== undefined) collectByName(own.names, request, lists)
      return lists
    },
  }
}

function createNames(): Names {
  return { whole: new Map(), beginnings: new Map(), rest: { rules: [] }, lengths: [], depth: 0 }
}

function literalOf(condition: Condition): string | undefined {
  if (!('pattern' in condition) || condition.pattern.kind !== 'literal') return undefined
  return condition.pattern.prefix
}

function addByAccount(accounts: Map<string, AccountPlace>, account: string, rule: Rule): void {
  const place = accounts.get(account)
  if (place === undefined) accounts.set(account, { rules: [rule] })
  else if (place.rules.length < FEW) place.rules.push(rule)
  else addByName((place.names ??= createNames()), rule)
}

function addByName(names: Names, rule: Rule): void {
  const condition = rule.conditions.find(({ on }) => on === 'name')
  if (condition === undefined || !('pattern' in condition)) addByLabel(names.rest, rule)
  else if (condition.pattern.kind === 'literal') addAt(names.whole, condition.pattern.prefix, rule)
  else {
    const beginning = beginningFor(names, condition.pattern.prefix)
    if (beginning === '') addByLabel(names.rest, rule)
    else addAt(names.beginnings, beginning, rule)
  }
}

function addAt(places: Map<string, LabelPlace>, key: string, rule: Rule): void {
  const place = places.get(key)
  if (place === undefined) places.set(key, { rules: [rule] })
  else addByLabel(place, rule)
}

// As much of a prefix as is looked up.
function beginningFor(names: Names, prefix: string): string {
  const { length } = prefix
  if (length > 0 && !prefix.endsWith('/')) {
    if (names.lengths.length < LENGTHS && !names.lengths.includes(length)) names.lengths.push(length)
    if (names.lengths.includes(length)) return prefix
  }
  const folders = prefix.split('/').slice(0, -1)
  names.depth = Math.min(DEPTH, Math.max(names.depth, folders.length))
  if (prefix.endsWith('/') && folders.length <= DEPTH) return prefix
  return folders
    .slice(0, DEPTH)
    .map((folder) => `${folder}/`)
    .join('')
}

// Of several labels, the one whose value has the fewest rules so far.
function addByLabel(place: LabelPlace, rule: Rule): void {
  const labels = place.rules.length < FEW ? [] : rule.conditions.flatMap((one) => labelOf(one) ?? [])
  const counted = labels.map((one) => ({ ...one, rules: place.labels?.get(one.label)?.get(one.value)?.length ?? 0 }))
  const [rarest] = counted.sort((one, other) => one.rules - other.rules)
  if (rarest === undefined) {
    place.rules.push(rule)
    return
  }
  const { label, value } = rarest
  const byLabel = (place.labels ??= new Map<string, Map<string, Rule[]>>())
  const byValue = byLabel.get(label) ?? new Map<string, Rule[]>()
  byLabel.set(label, byValue)
  const rules = byValue.get(value)
  if (rules === undefined) byValue.set(value, [rule])
  else rules.push(rule)
}

function labelOf(condition: Condition): { readonly label: string; readonly value: string } | undefined {
  const value = literalOf(condition)
  return value === undefined || !('label' in condition) ? undefined : { label: condition.label, value }
}

function collectByName(names: Names, { identity, resource: { name } }: AuthorizationRequest, lists: Lists): void {
  const { whole, beginnings, rest, lengths, depth } = names
  collectByLabel(rest, identity, lists)
  if (whole.size > 0) collectByLabel(whole.get(name), identity, lists)
  let end = 0
  for (let level = 0; level < depth; level++) {
    end = name.indexOf('/', end) + 1
    if (end === 0) break
    collectByLabel(beginnings.get(name.slice(0, end)), identity, lists)
  }
  for (const length of lengths) {
    if (length > name.length || name[length - 1] === '/') continue
    collectByLabel(beginnings.get(name.slice(0, length)), identity, lists)
  }
}

function collectByLabel(place: LabelPlace | undefined, { labels }: Identity, lists: Lists): void {
  if (place === undefined) return
  if (place.rules.length > 0) lists.push(place.rules)
  if (place.labels === undefined) return
  for (const [label, byValue] of place.labels) {
    for (const value of Object.hasOwn(labels, label) ? (labels[label] ?? []) : []) {
      const rules = byValue.get(value)
      if (rules !== undefined) lists.push(rules)
    }
  }
}
