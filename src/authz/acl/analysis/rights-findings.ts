// What a rule gives to people whom its author surely did not mean, or gives in vain.
import { FIELDS } from '../template.ts'
import { exampleOf } from './example.ts'
import { asked, findingAt, isAboutRepositories, listed, showExample } from './finding.ts'
import type { Finding, Looked } from './finding.ts'
import { addressIn, liesWithin, readNetwork } from './networks.ts'

/** Rights to change something for whoever shows no credentials. */
export function anonymous({ rule, region, list, now }: Looked): Finding[] {
  const { setting, acl } = list
  const risky = rule.entry.actions.filter((action) => action !== 'pull')
  const risked = asked(rule, region).filter((action) => action !== 'pull')
  const { account } = region.fields
  const namesSomebody = FIELDS.some((field) =>
    region.fields[field]?.template?.placeholders.some((one) => one.kind === 'label' || one.field === 'account'),
  )
  if (setting?.anonymous === false || risky.length === 0 || region.labels.length > 0 || namesSomebody) return []
  if (account !== undefined && account.matches?.('') !== true) return []
  // Whoever trusts addresses means everybody there.
  if (region.networks?.every(({ bits, first, last }) => last - first + 1n < 1n << BigInt(bits)) === true) return []
  const example = exampleOf(rule, region, risked, now)
  if (example === undefined) return []
  const { request } = example
  const nobody = { ...example, request: { ...request, identity: { ...request.identity, account: '' } } }
  const decision = acl.decide(nobody.request, nobody.at)
  if (decision.outcome === 'no-match' || decision.rule !== rule.name) return []
  const everybody = account === undefined ? 'no condition on the account' : `the account "${account.source}"`
  return [
    findingAt(rule, account === undefined ? [] : ['match', 'account'], {
      kind: 'anonymous',
      proved: setting !== undefined,
      message: `grants ${listed(risky)} to people who have not signed in`,
      why:
        setting === undefined
          ? `it has ${everybody}, which whoever shows no credentials meets too, where a configuration lets them in`
          : `it has ${everybody}, which whoever shows no credentials meets too, and this configuration lets them in`,
      example: showExample(nobody, acl),
      fix: account === undefined ? "account: '/.+/' under match" : "account: '/.+/'",
    }),
  ]
}

// The machine itself, and the address from which Docker's bridge forwards.
const NEAR = ['127.0.0.0/8', '::1', '172.17.0.1'].flatMap((network) => readNetwork(network) ?? [])

/** Rights for an address that everybody can have behind a proxy. */
export function loopback({ rule, region, list, now }: Looked): Finding[] {
  if (list.setting?.proxyHeader !== true || rule.entry.actions.length === 0) return []
  const written = [rule.entry.match.ip ?? []].flat()
  return written.flatMap((text, index) => {
    const network = readNetwork(text)
    if (network === undefined || !NEAR.some((near) => liesWithin(network, near))) return []
    const example = exampleOf(rule, { ...region, networks: [network] }, asked(rule, region), now)
    return findingAt(rule, Array.isArray(rule.entry.match.ip) ? ['match', 'ip', index] : ['match', 'ip'], {
      kind: 'loopback',
      message: `trusts ${addressIn(network)}, which can be everybody's address behind a proxy`,
      why: 'a proxy on the same machine that leaves its header out gives every request its own address',
      example: example && showExample(example, list.acl),
      fix: "remove the address, or name the proxy's clients by account",
    })
  })
}

/** Rights that no client can use. */
export function pushWithoutPull({ rule, region, list, now }: Looked): Finding[] {
  const { actions } = rule.entry
  if (!actions.includes('push') || actions.includes('pull') || !isAboutRepositories(region)) return []
  const example = exampleOf(rule, region, ['pull', 'push'], now)
  return [
    findingAt(rule, ['actions'], {
      kind: 'push-without-pull',
      message: 'grants push without pull',
      why: 'clients ask for both when they push, to see which layers are there already, and fail without',
      example: example && showExample(example, list.acl),
      fix: `actions: [${['pull', ...actions].join(', ')}]`,
    }),
  ]
}
