// Random access lists that docker_auth takes, and requests that meet them. What we decide differently on purpose is left out: values
// that turn a glob into an expression or back (A12), groups of an expression with special characters in them (A13), odd scopes (A16).
import { randomFrom } from '../authz/acl/random-lists.ts'

type Random = () => number

export interface ListedRule {
  readonly match: Readonly<Record<string, unknown>>
  readonly actions: readonly string[]
}

/** One request for a token; `from` is an address of the loopback network. */
export interface TokenRequest {
  readonly account: string
  readonly service: string
  readonly from: string
  readonly scopes: readonly string[]
}

/** Rules of one list, all of which name its service, and requests for that service. */
export interface ListAndRequests {
  readonly rules: readonly ListedRule[]
  readonly requests: readonly TokenRequest[]
}

/** Every account's labels; their values are patterns, some of them malformed. */
export const LABELS: Readonly<Record<string, Readonly<Record<string, readonly string[]>> | undefined>> = {
  '': undefined,
  a: { role: ['b'], team: ['a/b', '[ab]*', '?', 'dev/*'] },
  'a.b': { role: ['dev', 'a|b', '('], team: ['a.b', '['] },
  alice: { role: ['dev'], team: ['web', 'a-b'] },
  b: { role: [], team: ['b'] },
  'ci-1': { role: ['.*'], team: ['*', '**'] },
  dev: undefined,
  'eve@x.io': { role: ['^a', 'b$'], team: ['dev', 'b\\'] },
  é: { team: ['é'] },
}

const ACCOUNTS = Object.keys(LABELS)
const ADDRESSES = ['127.0.0.1', '127.0.0.9', '127.0.1.1', '127.9.9.9']
const NETWORKS = ['127.0.0.0/24', '127.0.0.9', '127.0.0.0/8', '10.0.0.0/8', '::1', '::ffff:127.0.1.0/120', '0.0.0.0/0']
const WORDS = ['a', 'b', 'ab', 'dev', 'web', 'a-b', 'ci-1', 'a.b', 'é']
const FIELDS = ['${account}', '${name}', '${type}', '${service}', '${labels:team}', '${labels:team}', '${labels:role}']
const ODD = [
  '${labels:none}',
  '${what}',
  '${account',
  '$',
  '*',
  '?',
  '[^/]',
  '[a-c]',
  '\\*',
  '-',
  '**',
  '[',
  '[${account}]',
]
const GROUPS = [
  '/^([a-z]+)$/',
  '/^([a-z])[a-z]*/',
  '/(a)|(b)/',
  '/^(?P<who>[a-z]+)-[0-9]$/',
  '/([a-z]{2,})/',
  '/^(a)?b/',
]
const EXPRESSIONS = [
  '/.+/',
  '/^(a|b)/',
  '/b$/',
  '/(?i)A/',
  '/^[^/]+$/',
  '/\\//',
  '/^\\pL+$/',
  '/[[:digit:]]/',
  '/a.b/',
  '/^$/',
]
const ACTIONS = [['*'], ['*'], ['pull'], ['push', 'pull'], ['pull', 'delete'], [], ['*', 'pull']]
const ASKED = ['pull', 'push', 'pull,push', 'push,pull', 'delete', '*', '*,pull', 'delete,pull,push']

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const times = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: 1 + Math.floor(random() * most) }, make)

const path = (random: Random): string => times(random, 3, () => pick(random, WORDS)).join('/')

function glob(random: Random, groups: readonly string[]): string {
  const dice = random()
  if (dice < 0.15) return path(random)
  if (dice < 0.35) return `${path(random)}/${pick(random, ['*', '?', '*/*', 'a*', '[^b]*'])}`
  if (dice < 0.5) return pick(random, ['*', '*/*', '*/*/*', '**', '?*', '', '*b*'])
  const pieces = [...WORDS, ...FIELDS, ...FIELDS, ...ODD, ...groups, ...groups]
  return times(random, 3, () => pick(random, pieces)).join(pick(random, ['/', '/', '', '*']))
}

function expression(random: Random, groups: readonly string[]): string {
  if (random() < 0.4) return pick(random, EXPRESSIONS)
  const middle = pick(random, [
    ...WORDS,
    ...FIELDS,
    ...FIELDS,
    ...groups,
    '[${account}]',
    '(${labels:team}|${account})',
  ])
  const starts = middle.startsWith('$') ? ['^', ''] : ['^', '^', '', '/']
  return `/${pick(random, starts)}${middle}${pick(random, ['$', '$', '', '?$', '/.*$', '/(a|b)', '|^b'])}/`
}

const pattern = (random: Random, groups: readonly string[]): string =>
  random() < 0.75 ? glob(random, groups) : expression(random, groups)

// Each rule names its list's service in one of several ways, so that one server holds many lists.
const serviceOf = (random: Random, id: string): string =>
  pick(random, [`${id}*`, `${id}*`, `/^${id}/`, `[l]${id.slice(1)}*`, `/${id}(\\.x)?$/`])

function rule(random: Random, id: string): ListedRule {
  const chance = <T>(share: number, make: () => T): T | undefined => (random() < share ? make() : undefined)
  const groups: string[] = []
  const grouped = (field: 'account' | 'name'): string => {
    groups.push(...[0, 1, 2, 7].map((number) => `\${${field}:${number}}`))
    return pick(random, GROUPS)
  }
  const account = chance(0.5, () => {
    const dice = random()
    if (dice < 0.4) return pick(random, ACCOUNTS)
    return dice < 0.7 ? grouped('account') : pattern(random, [])
  })
  const name = chance(0.9, () => (random() < 0.1 ? grouped('name') : pattern(random, groups)))
  const label = (): string => (random() < 0.6 ? pick(random, WORDS) : pattern(random, groups))
  const match = {
    account,
    type: chance(0.2, () => pick(random, ['repository', 'registry', 're*', '/^rep/', '*'])),
    name,
    service: serviceOf(random, id),
    ip: chance(0.15, () => pick(random, NETWORKS)),
    labels: chance(0.2, () => (random() < 0.7 ? { team: label() } : { team: label(), role: label() })),
  }
  return {
    match: Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined)),
    actions: pick(random, ACTIONS),
  }
}

function scope(random: Random, account: string): string {
  const dice = random()
  if (dice < 0.05) return 'registry:catalog:*'
  const values = (LABELS[account]?.['team'] ?? []).filter((value) => /^[\w.é/-]+$/u.test(value))
  const first = random() < 0.4 ? pick(random, [...values, 'team']) : pick(random, WORDS)
  const own = account !== '' && random() < 0.15 ? `${account}/${path(random)}` : `${first}/${path(random)}`
  const name = random() < 0.2 ? pick(random, WORDS) : own
  const type = dice < 0.12 ? pick(random, ['registry', 'other']) : 'repository'
  return `${type}:${dice > 0.97 ? 'localhost:5000/' : ''}${name}:${pick(random, ASKED)}`
}

/** A list of up to eight rules and four requests of ten scopes each, the same for the same number. */
export function randomList(number: number): ListAndRequests {
  const random = randomFrom(20_261_123 + number)
  const id = `list-${String(number).padStart(4, '0')}`
  return {
    rules: times(random, 8, () => rule(random, id)),
    requests: Array.from({ length: 4 }, () => {
      const account = pick(random, ACCOUNTS)
      return {
        account,
        service: pick(random, [id, id, `${id}.x`]),
        from: pick(random, ADDRESSES),
        scopes: Array.from({ length: 10 }, () => scope(random, account)),
      }
    }),
  }
}
