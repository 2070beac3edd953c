// Random access lists and requests that have to do with each other: few words, shared by rules and requests, and every kind of pattern.
import type { NaiveEntry, NaiveRequest } from './naive.ts'

type Random = () => number

/** A generator of numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const some = <T>(random: Random, list: readonly T[], share: number): T[] => list.filter(() => random() < share)
const chance = <T>(random: Random, share: number, value: () => T): T | undefined =>
  random() < share ? value() : undefined

const ACCOUNTS = ['', 'a', 'b', 'dev', 'ab', 'a.b', 'ci-1', 'é', '*', '/a/']
const WORDS = ['a', 'b', 'ab', 'dev', 'web', 'a-b', 'ci-1', 'a.b', 'é']
const VALUES = [...WORDS, 'a/b', '']
const RAW = ['a*', '?', '[ab]', '[', ']', '(', '.*', 'b|a', '**', '*', 'dev/*', '\\']
const NETWORKS = ['10.0.0.0/8', '10.1.2.3', '192.0.2.0/25', '::1', '2001:db8::/33', '::ffff:10.0.0.0/104', '::/0']
const IPS = ['', '10.1.2.3', '10.9.9.9', '::ffff:10.1.2.3', '192.0.2.200', '::1', '2001:db8::5', '2001:db8:8000::1']
const TIMES = [
  { after: '08:00', before: '18:00' },
  { after: '22:30', before: '06:00', days: ['fri', 'sat'] },
  { days: ['mon', 'tue'] },
  { before: '2026-06-01T00:00:00Z' },
  { after: '2026-06-01T00:00:00Z', before: '12:00' },
]
const REPEATED = '${labels:team}/${labels:team}'
const PLACEHOLDERS = [
  ...['${account}', '${name}', '${service}', '${labels:team}', '${labels:team}', '${labels:role}', '${labels:none}'],
  ...['${account:1}', '${account:0}', '${name:1}', '${type}', '${what}'],
]

function name(random: Random): string {
  return Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, WORDS)).join('/')
}

function glob(random: Random): string {
  const word = (): string => pick(random, WORDS)
  const dice = random()
  if (dice < 0.2) return name(random)
  if (dice < 0.45) return `${name(random)}/${pick(random, ['*', '**', `${word()}*`, '?', '*/*', '[a-c]*', '**/b'])}`
  if (dice < 0.55) return `${word()}${pick(random, ['*', '-*', '**', '?', '*b', '*[^b]*'])}`
  if (dice < 0.65)
    return pick(random, [
      '*',
      '*/*',
      '**',
      '**/a',
      '*/b',
      '',
      '[^a]*',
      '[',
      'a[',
      'a\\',
      '*[^b]*b',
      '?*',
      REPEATED,
      REPEATED,
    ])
  const pieces = [...PLACEHOLDERS, ...PLACEHOLDERS, '/', '/', '*', '?', '**', '-', '[^/]', '\\*']
  return Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, [word(), pick(random, pieces)])).join(
    '',
  )
}

function regex(random: Random): string {
  const word = (): string => pick(random, WORDS)
  const tails = ['\\/.*', '(\\/|$)', '.+', '?', '*b', '-(a|b)', '|b', '(?i)B', '[a-z-]+', '\\/([^\\/]+)', '{1,2}', '']
  const dice = random()
  if (dice < 0.25) return pick(random, ['/.+/', '/^(.+)-(.+)$/', '/^([a-z]+)/', '/b$/', '/^(a|b)\\//', '/(?i)A/'])
  const middle = dice < 0.6 ? word() : pick(random, PLACEHOLDERS)
  const start = pick(random, ['^', '^', '', '^dev', '^(', '^[a'])
  const end = start === '^(' ? ')' : start === '^[a' ? ']' : ''
  return `/${start}${middle}${end}${pick(random, tails)}${pick(random, ['$', '$', '', '|^b'])}/`
}

const pattern = (random: Random): string => (random() < 0.8 ? glob(random) : regex(random))
const labels = (random: Random, share: number): Record<string, string> =>
  Object.fromEntries(
    some(random, ['team', 'role'], share).map((label) => [
      label,
      random() < 0.7 ? pick(random, WORDS) : pattern(random),
    ]),
  )

/** A rule, in a third of the cases one of the shapes that admins have hundreds of. */
export function randomEntry(random: Random): NaiveEntry {
  const actions = pick(random, [['*'], ['pull'], ['pull', 'push'], [], ['*', 'pull']])
  const word = pick(random, WORDS)
  const shape = random()
  if (shape < 0.1) return { match: { account: pick(random, ACCOUNTS), name: `${word}/*` }, actions }
  if (shape < 0.2) return { match: { labels: { team: word }, name: `${word}/*` }, actions }
  if (shape < 0.3) return { match: { labels: { team: word }, type: pick(random, ['registry', 'reg*']) }, actions }
  if (shape < 0.36) return { match: { account: pick(random, ACCOUNTS), labels: { role: word, team: 'web' } }, actions }
  return {
    match: {
      account: chance(random, 0.4, () => (random() < 0.7 ? pick(random, ACCOUNTS) : pattern(random))),
      type: chance(random, 0.1, () => pick(random, ['repository', 'registry', 're*'])),
      name: chance(random, 0.9, () => pattern(random)),
      service: chance(random, 0.05, () => pick(random, ['*', 'registry', '${account}'])),
      ip: chance(random, 0.15, () => (random() < 0.5 ? pick(random, NETWORKS) : some(random, NETWORKS, 0.3))),
      labels: chance(random, 0.2, () => labels(random, 0.6)),
      requires_labels: chance(random, 0.1, () => ({ ...labels(random, 0.5), team: some(random, WORDS, 0.2) })),
      time: chance(random, 0.1, () => pick(random, TIMES)),
    },
    actions,
  }
}

export function randomRequest(random: Random): NaiveRequest {
  const labelsArePatterns = random() < 0.5
  const values = (): string[] =>
    Array.from({ length: Math.floor(random() * 4) }, () => pick(random, random() < 0.85 ? VALUES : RAW))
  return {
    identity: {
      account: pick(random, ACCOUNTS),
      labels: Object.fromEntries(some(random, ['team', 'role'], 0.7).map((label) => [label, values()])),
      labelsArePatterns,
    },
    resource: {
      type: pick(random, ['repository', 'repository', 'registry']),
      name: random() < 0.1 ? pick(random, ['', 'a/', '/', '${what}', '${labels:none}', 'a/b/a/b/a/b']) : name(random),
      actions: some(random, ['*', 'pull', 'push'], 0.6),
    },
    service: pick(random, ['registry', 'a']),
    ip: pick(random, IPS),
  }
}

/** From short lists to those that are looked up rather than walked; some end with a rule for whatever is left. */
export function randomList(random: Random): NaiveEntry[] {
  const length = pick(random, [0, 2, 10, 30, 120, 140]) * random()
  const entries = Array.from({ length: Math.ceil(length) }, () => randomEntry(random))
  return random() < 0.3 ? [...entries, { match: { type: 'repository' }, actions: ['pull'] }] : entries
}

/** In 2026, ms since 1970. */
export function randomTime(random: Random): number {
  return Date.parse('2026-01-01T00:00:00Z') + Math.floor(random() * 365 * 24 * 60) * 60_000
}
