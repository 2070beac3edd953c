// The section `ldap_auth`: people in a directory. This folder knows LDAP; it knows neither tokens nor what anybody may do.
import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { bool, duration, int, mapOf, nonEmpty, strict, text, texts } from '../../lib/schema.ts'
import { Secret } from '../../lib/secret.ts'
import type { Reading } from '../../lib/section.ts'
import { formatServer, isLoopback, readServer } from './server.ts'
import type { Server } from './server.ts'
import { IN_CHAIN, describeBadFilter, holds, readableEscapes } from './template.ts'

const limit = duration.refine((ms) => ms >= 1 && ms <= 300e3, {
  error: 'must be between 1ms and 5m, with its unit: 5s',
})
const addresses = z.union([nonEmpty.transform((one) => [one]), texts.min(1, { error: 'must name a server' })], {
  error: 'must be host:port or an ldap:// or ldaps:// URL, or a list of them',
})

const LabelConfig = strict({
  attribute: nonEmpty,
  parse_cn: bool.default(false),
  lower_case: bool.default(false),
})

const GroupsConfig = strict({
  label: nonEmpty.default('groups'),
  base: text.optional(),
  filter: nonEmpty.default('(member=${dn})'),
  attribute: nonEmpty.default('cn'),
  nested: z.enum(['none', 'in_chain', 'walk'], { error: 'must be none, in_chain or walk' }).default('none'),
  depth: int.refine((depth) => depth >= 1 && depth <= 20, { error: 'must be between 1 and 20' }).default(5),
})

/** `ldap_auth`, as docker_auth has it; `groups`, `account`, `timeouts` and lists or URLs in `addr` are ours. */
export const LdapConfig = strict({
  addr: addresses,
  tls: z.enum(['', 'none', 'starttls', 'always'], { error: 'must be none, starttls or always' }).default(''),
  insecure_tls_skip_verify: bool.default(false),
  ca_certificate: text.default(''),
  base: text.default(''),
  filter: nonEmpty,
  bind_dn: text.default(''),
  bind_password_file: text.default(''),
  initial_bind_as_user: bool.default(false),
  labels: mapOf(LabelConfig, 'must be a map of label names').default({}),
  groups: GroupsConfig.optional(),
  account: strict({ attribute: nonEmpty, lower_case: bool.default(false) }).optional(),
  timeouts: strict({
    connect: limit.default(5e3),
    bind: limit.default(10e3),
    search: limit.default(10e3),
  }).prefault({}),
})
export type LdapConfig = z.infer<typeof LdapConfig>

/** Who searches: a service account, nobody in particular, or the user whose password is checked, under the name `template` makes. */
export type Binding =
  | { readonly as: 'service'; readonly dn: string; readonly password: Secret }
  | { readonly as: 'anonymous' }
  | { readonly as: 'user'; readonly template: string }

/** What was read, as plain data. Times are in ms; `ca` is PEM text. */
export interface LdapSettings {
  readonly servers: readonly Server[]
  readonly verify: boolean
  readonly ca: string | undefined
  readonly base: string
  readonly filter: string
  readonly binding: Binding
  readonly labels: LdapConfig['labels']
  readonly groups: (z.infer<typeof GroupsConfig> & { readonly base: string }) | undefined
  readonly account: LdapConfig['account']
  readonly timeouts: LdapConfig['timeouts']
}

const CLEAR = 'in clear text: set tls: starttls or tls: always'
const AS_TYPED =
  'finds groups by the account as it is typed, and another spelling of it in none: set account, or use ${dn}'
const UNVERIFIED = 'whoever is between here and the directory can read passwords: give its ca_certificate instead'

/** Reads the files the section names; undefined when something is wrong, which the report was told. */
export async function readLdap(config: LdapConfig, reading: Reading): Promise<LdapSettings | undefined> {
  const { report } = reading
  const servers = config.addr.map((address) => readServer(address, config.tls))
  for (const [index, server] of servers.entries()) {
    if (typeof server === 'string') report.problem(['addr'], `${withoutUser(config.addr[index] ?? '')}: ${server}`)
    else if (server.tls === 'none' && !isLoopback(server.host))
      report.warning(['tls'], `passwords travel to ${formatServer(server)} ${CLEAR}`)
  }
  if (config.insecure_tls_skip_verify) report.warning(['insecure_tls_skip_verify'], UNVERIFIED)

  const ca = config.ca_certificate === '' ? undefined : await readCa(config.ca_certificate, reading)
  const binding = await readBinding(config, reading)
  const filter = await readFilter(['filter'], config.filter, '${account}', reading)
  const groups = config.groups && (await readGroups(config.groups, config, reading))

  const known = servers.filter((server) => typeof server !== 'string')
  if (known.length < servers.length || binding === undefined || filter === undefined) return undefined
  if (groups === undefined && config.groups !== undefined) return undefined
  if (ca === undefined && config.ca_certificate !== '') return undefined
  const { base, labels, account, timeouts } = config
  const verify = !config.insecure_tls_skip_verify
  return { servers: known, verify, ca, base, filter, binding, labels, groups, account, timeouts }
}

// Somebody may have put a password there.
function withoutUser(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

async function readCa(path: string, { files, report }: Reading): Promise<string | undefined> {
  const pem = await report.guard(['ca_certificate'], files.readText(path))
  if (pem === undefined || isCertificate(pem)) return pem
  report.problem(['ca_certificate'], `${path} holds no PEM certificate`)
  return undefined
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

async function readBinding(config: LdapConfig, { files, report }: Reading): Promise<Binding | undefined> {
  const { bind_dn: name, bind_password_file: path } = config
  const problem = (message: string): undefined => {
    report.problem(['bind_dn'], message)
    return undefined
  }
  if (config.initial_bind_as_user) {
    if (path !== '') report.warning(['bind_password_file'], 'is not read: users bind with their own password')
    return holds(name, 'account')
      ? { as: 'user', template: name }
      : problem('must contain ${account} where initial_bind_as_user is true')
  }
  if (holds(name, 'account')) return problem('${account} needs initial_bind_as_user: true')
  if (name === '') {
    if (path !== '') report.warning(['bind_password_file'], 'is not read: without bind_dn searches are anonymous')
    return { as: 'anonymous' }
  }
  if (path === '') return problem('needs a bind_password_file')
  const password = (await report.guard(['bind_password_file'], files.readText(path)))?.trim()
  // A DN without a password would bind as nobody and look like a success. https://www.rfc-editor.org/rfc/rfc4513#section-5.1.2
  if (password === '') report.problem(['bind_password_file'], `${path} is empty`)
  return password ? { as: 'service', dn: name, password: new Secret(password) } : undefined
}

async function readGroups(
  groups: NonNullable<LdapConfig['groups']>,
  { base, labels, account }: LdapConfig,
  reading: Reading,
): Promise<LdapSettings['groups']> {
  const { report } = reading
  if (Object.hasOwn(labels, groups.label))
    report.problem(['groups', 'label'], `"${groups.label}" is one of labels already`)
  if (account === undefined && holds(groups.filter, 'account')) report.warning(['groups', 'filter'], AS_TYPED)
  const needed = groups.nested === 'none' ? undefined : '${dn}'
  const filter = await readFilter(['groups', 'filter'], groups.filter, needed, reading)
  if (filter === undefined || Object.hasOwn(labels, groups.label)) return undefined
  const chained = filter.replaceAll(/(?<!:)=\$\{dn\}/g, `:${IN_CHAIN}:=\${dn}`)
  return { ...groups, base: groups.base ?? base, filter: groups.nested === 'in_chain' ? chained : filter }
}

async function readFilter(
  path: string[],
  filter: string,
  needed: string | undefined,
  { report }: Reading,
): Promise<string | undefined> {
  const readable = readableEscapes(filter)
  const wrong =
    needed !== undefined && !filter.includes(needed)
      ? `must contain ${needed}`
      : readable === undefined
        ? 'cannot hold bytes that are not UTF-8'
        : await describeBadFilter(readable)
  if (wrong === undefined) return readable
  report.problem(path, wrong)
  return undefined
}
