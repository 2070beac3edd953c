// The two ways to find out whether a password is somebody's: find the entry and bind as it, or bind first and look afterwards.
import type { Labels } from '../../protocol/identity.ts'
import type { AuthnTools } from '../tools.ts'
import type { Binding, LdapSettings } from './config.ts'
import type { Connection } from './connection.ts'
import type { Directory } from './directory.ts'
import { neededAttributes, readEntry, readLabels } from './entry.ts'
import type { Entry } from './entry.ts'
import { findGroups } from './groups.ts'
import { createOnce } from './once.ts'
import { fillFilter, fillName } from './template.ts'
import { judge } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Somebody whose password was right; the account is as rules and tokens see it. */
export interface Person {
  readonly account: string
  readonly labels: Labels
}

/** Somebody who is in the directory. */
interface Found {
  readonly account: string
  readonly entry: Entry
}

/** Says who this is. Throws BackendError on an outage. */
export type Login = (
  account: string,
  password: string,
  signal: AbortSignal | undefined,
) => Promise<Person | 'no-match' | Exclude<Verdict, 'accepted'>>

/** Creates the way that the settings ask for. */
export function createLogin(settings: LdapSettings, directory: Directory, tools: AuthnTools): Login {
  const { binding } = settings
  return binding.as === 'user'
    ? createDirectLogin(binding, settings, directory, tools)
    : createSearchLogin(settings, directory, tools)
}

function createSearchLogin(settings: LdapSettings, { searches, binds }: Directory, tools: AuthnTools): Login {
  const once = createOnce<Verdict>(tools, (verdict) => verdict === 'wrong-password')
  return async (account, password, signal) => {
    const found = await searches.use((connection) => findPerson(settings, connection, account, tools), signal)
    if (typeof found === 'string') return found
    const { dn } = found.entry
    // By DN, so that another spelling of the account is not another try.
    const verdict = await once([dn, password], () =>
      binds.use(async (connection) => judge(await connection.bind(dn, password))),
    )
    if (verdict !== 'accepted') return verdict
    if (settings.groups === undefined) return withLabels(settings, found)
    return searches.use((connection) => withGroups(settings, connection, found), signal)
  }
}

function createDirectLogin(
  { template }: Extract<Binding, { as: 'user' }>,
  settings: LdapSettings,
  { binds }: Directory,
  tools: AuthnTools,
): Login {
  const once = createOnce<Awaited<ReturnType<Login>>>(tools, (answer) => answer === 'wrong-password')
  return (account, password) =>
    once([account, password], () =>
      binds.use(async (connection) => {
        const verdict = judge(await connection.bind(fillName(template, account), password))
        if (verdict !== 'accepted') return verdict
        const found = await findPerson(settings, connection, account, tools)
        return typeof found === 'string' ? found : withGroups(settings, connection, found)
      }),
    )
}

async function findPerson(
  settings: LdapSettings,
  connection: Connection,
  typed: string,
  { log }: AuthnTools,
): Promise<Found | 'no-match' | 'refused'> {
  const [found, another] = await connection.search({
    base: settings.base,
    scope: 'sub',
    filter: fillFilter(settings.filter, { account: typed }),
    attributes: neededAttributes(settings),
    // Two are enough to see that there is more than one.
    limit: 2,
  })
  if (found === undefined) return 'no-match'
  if (another !== undefined) {
    log.warn({ account: typed }, 'ldap_auth: more than one entry of the directory has this account, which is refused')
    return 'refused'
  }
  const entry = readEntry(found)
  const account = spell(settings.account, typed, entry)
  if (account !== undefined) return { account, entry }
  log.warn({ account: typed }, 'ldap_auth: the entry does not have exactly one value of account.attribute')
  return 'refused'
}

/** The account as rules and tokens see it; undefined when the directory has no single spelling of it. */
function spell(config: LdapSettings['account'], typed: string, entry: Entry): string | undefined {
  if (config === undefined) return typed
  const [spelling, another] = entry.values(config.attribute)
  if (spelling === undefined || spelling === '' || another !== undefined) return undefined
  return config.lower_case ? spelling.toLowerCase() : spelling
}

function withLabels({ labels }: LdapSettings, { account, entry }: Found): Person {
  return { account, labels: readLabels(labels, entry) }
}

async function withGroups(settings: LdapSettings, connection: Connection, found: Found): Promise<Person> {
  const { account, labels } = withLabels(settings, found)
  const { groups } = settings
  if (groups === undefined) return { account, labels }
  return { account, labels: { ...labels, [groups.label]: await findGroups(groups, connection, account, found.entry) } }
}
