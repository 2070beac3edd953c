// A request as an admin would think of it, in place of one that only happens to show the same.
import type { Example } from './example.ts'
import { filledWith } from './example.ts'
import type { Region } from './region.ts'
import { samplesOf } from './samples.ts'

type Shows = (example: Example) => boolean

const SAMPLES = 4

/**
 * Replaces one thing after the other by what is more natural, as long as the example still `shows` what it is for. `regions` are those
 * of the rules that decide it, and `now` is in ms since 1970.
 */
export function naturalize(example: Example, regions: readonly Region[], now: number, shows: Shows): Example {
  const take = (current: Example, ...better: readonly Example[]): Example => better.find(shows) ?? current
  let found = take(example, { ...example, at: now, timed: false })
  found = take(found, withRequest(found, { ip: '' }))
  found = take(found, withRequest(found, { service: 'registry' }))
  for (const label of Object.keys(found.request.identity.labels)) found = take(found, ...withFewerValues(found, label))
  const accounts = [...new Set(['alice', ...samplesIn(regions, 'account', found), found.request.identity.account])]
  return take(
    found,
    ...accounts
      .map((account) => withIdentity(found, { account }))
      .flatMap((one) => namesFor(one, regions).map((name) => withName(one, name))),
  )
}

/** The same request of somebody who does not sign in. */
export function asNobody(example: Example): Example {
  return withIdentity(example, { account: '', labels: {} })
}

function withRequest(example: Example, change: Partial<Example['request']>): Example {
  return { ...example, request: { ...example.request, ...change } }
}

function withIdentity(example: Example, change: Partial<Example['request']['identity']>): Example {
  return withRequest(example, { identity: { ...example.request.identity, ...change } })
}

function withName(example: Example, name: string): Example {
  return withRequest(example, { resource: { ...example.request.resource, name } })
}

// Without the label, or else with one of its values.
function withFewerValues(example: Example, label: string): Example[] {
  const { labels } = example.request.identity
  const others = Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label))
  const [first, ...more] = labels[label] ?? []
  const values = first === undefined || more.length === 0 ? [] : [first, ...more]
  return [others, ...values.map((value) => ({ ...others, [label]: [value] }))].map((fewer) =>
    withIdentity(example, { labels: fewer }),
  )
}

function namesFor(example: Example, regions: readonly Region[]): string[] {
  const { type, name } = example.request.resource
  const usual = type === 'registry' ? ['catalog'] : ['library/app', 'app']
  return [...new Set([...samplesIn(regions, 'name', example), ...usual, name])]
}

function samplesIn(regions: readonly Region[], field: 'account' | 'name', { request }: Example): string[] {
  const { identity, resource, service } = request
  const texts = { account: identity.account, type: resource.type, name: resource.name, service }
  return regions.flatMap((region) => {
    const condition = region.fields[field]
    if (condition === undefined) return []
    return samplesOf(filledWith(condition, texts, identity.labels, region)).slice(0, SAMPLES)
  })
}
