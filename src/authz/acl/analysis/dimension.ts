// The ways in which requests differ for the rules of some lists: one dimension for each field, the address, the time, and each label.
import { isDeepStrictEqual } from 'node:util'
import type { AclEntryConfig } from '../config.ts'
import type { Field } from '../template.ts'
import { compileTime } from '../time.ts'
import { representatives } from './machine.ts'
import { momentsAround } from './moments.ts'
import { addressesAround, liesWithin, readNetwork } from './networks.ts'
import { samplesOf } from './samples.ts'
import type { CharSet, Language } from './steps.ts'
import type { Condition } from './condition.ts'

/** What a rule asks in one dimension; `told`: whether the choices of the dimension tell everything that it can make of a request. */
export interface Demand {
  /** Two demands of a dimension with one key are the same. */
  readonly key: string
  readonly pattern: string
  readonly told: boolean
  /** Absent for networks and times. */
  readonly condition?: Condition
}

/** A value in one dimension, and the keys of the demands that it meets. Demands with placeholders are among none. */
export interface Choice {
  readonly text: string
  readonly meets: ReadonlySet<string>
}

/** `complete`: there is a choice for every way in which a value can meet some demands and not others. */
export interface Choices {
  readonly choices: readonly Choice[]
  readonly complete: boolean
}

const STATES = 100_000
// With more patterns than these, examples are as short as can be instead of natural.
const MANY = 300

const except = (...ranges: [number, number][]): CharSet => ({ negated: true, ranges })
const some = (set: CharSet): Language => [
  { kind: 'one', set },
  { kind: 'many', set },
]
const PRINTABLE: Language = [{ kind: 'many', set: except([0x00, 0x1f], [0x7f, 0x9f]) }]
const NAME = some(except([0x00, 0x20], [0x3a, 0x3a], [0x7f, 0xa0]))
const TYPE = some({
  negated: false,
  ranges: [
    [0x30, 0x39],
    [0x61, 0x7a],
  ],
})

// The texts that requests can have there; a name may hold one colon.
const UNIVERSES: Readonly<Record<Field | 'label', readonly Language[]>> = {
  account: [PRINTABLE],
  service: [PRINTABLE],
  label: [PRINTABLE],
  type: [TYPE],
  name: [NAME, [...NAME, { kind: 'char', code: 0x3a }, ...NAME]],
}

const USUAL: Readonly<Record<Field | 'label', readonly string[]>> = {
  account: ['alice', ''],
  service: ['registry'],
  label: ['web'],
  type: ['repository', 'registry'],
  name: ['library/app', 'app', 'a/b/c'],
}

/** The texts of a field or a label. `seeds` are tried, too. */
export function textChoices(of: Field | 'label', demands: readonly Demand[], seeds: readonly string[]): Choices {
  const constants = demands.flatMap(({ key, condition }) =>
    condition?.matches === undefined ? [] : [{ key, condition }],
  )
  const exact = constants.flatMap(({ key, condition }) =>
    condition.exact === undefined ? [] : [{ key, language: condition.exact }],
  )
  const others = constants.filter(({ condition }) => condition.exact === undefined)
  const natural = exact.length > MANY ? [] : constants.flatMap(({ condition }) => samplesOf(condition).slice(0, 4))
  const tried = [...USUAL[of], ...natural, ...seeds]
  const found = UNIVERSES[of].map((universe) =>
    representatives(
      exact.map(({ language }) => language),
      universe,
      STATES,
      tried,
    ),
  )
  const kinds = found
    .flatMap(({ texts }) => texts)
    .map(({ text, members }) => ({
      text,
      meets: new Set([
        ...members.flatMap((member) => exact[member]?.key ?? []),
        ...others.flatMap(({ key, condition }) => (condition.matches?.(text) === true ? key : [])),
      ]),
    }))
  // An expression is tried with what it was written for, and with what it was not.
  const made = others.flatMap(({ condition }) => samplesOf(condition)).flatMap((text) => [text, `x${text}`, `${text}x`])
  const extra = [...new Set([...seeds, ...made])].filter((text) =>
    UNIVERSES[of].some((universe) => reads(universe, text)),
  )
  return {
    choices: [...kinds, ...extra.map((text) => choiceOf(text, demands))],
    complete: found.every(({ complete }) => complete),
  }
}

function reads(universe: Language, text: string): boolean {
  return representatives([], universe, 1, [text]).texts.some((one) => one.text === text)
}

/** The choice of this text, held against every demand without placeholders. */
export function choiceOf(text: string, demands: readonly Demand[]): Choice {
  const met = demands.filter(({ condition }) => condition?.matches?.(text) === true)
  return { text, meets: new Set(met.map(({ key }) => key)) }
}

type Match = AclEntryConfig['match']

/** The addresses; no address is one, too. */
export function addressChoices(matches: readonly Match[]): Choices {
  const demands = new Map(matches.flatMap(({ ip }) => (ip === undefined ? [] : [[JSON.stringify(ip), [ip].flat()]])))
  const lists = [...demands].map(([key, texts]) => ({
    key,
    networks: texts.flatMap((text) => readNetwork(text) ?? []),
  }))
  const addresses = ['192.0.2.1', ...addressesAround(lists.flatMap(({ networks }) => networks)), '']
  const choices = addresses.map((text) => {
    const address = readNetwork(text)
    const meets = lists.filter(({ networks }) => address && networks.some((network) => liesWithin(address, network)))
    return { text, meets: new Set(meets.map(({ key }) => key)) }
  })
  return { choices, complete: true }
}

/** Moments, as digits. */
export function timeChoices(matches: readonly Match[], now: number): Choices {
  const times = matches.flatMap(({ time }) => time ?? [])
  const unique = times.filter((time, index) => times.findIndex((other) => isDeepStrictEqual(other, time)) === index)
  const tests = unique.map((time) => ({ key: JSON.stringify(time), holds: compileTime(time) }))
  const choices = momentsAround(unique, now).map((at) => ({
    text: String(at),
    meets: new Set(tests.filter(({ holds }) => holds(at)).map(({ key }) => key)),
  }))
  return { choices, complete: unique.length === 0 }
}
