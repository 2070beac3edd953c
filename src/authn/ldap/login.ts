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

/** Somebody whose password was right. */
export interface Person {
  readonly entry: Entry
  readonly labels: Labels
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
    const entry = await searches.use((connection) => findPerson(settings, connection, account, tools), signal)
    if (typeof entry === 'string') return entry
    // By DN, so that another spelling of the account is not another try.
    const verdict = await once([entry.dn, password], () =>
      binds.use(async (connection) => judge(await connection.bind(entry.dn, password))),
    )
    if (verdict !== 'accepted') return verdict
    if (settings.groups === undefined) return { entry, labels: readLabels(settings.labels, entry) }
    return searches.use((connection) => describe(settings, connection, account, entry), signal)
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
        const entry = await findPerson(settings, connection, account, tools)
        return typeof entry === 'string' ? entry : describe(settings, connection, account, entry)
      }),
    )
}

async function findPerson(
  settings: LdapSettings,
  connection: Connection,
  account: string,
  { log }: AuthnTools,
): Promise<Entry | 'no-match' | 'refused'> {
  const [found, another] = await connection.search({
    base: settings.base,
    scope: 'sub',
    filter: fillFilter(settings.filter, { account }),
    attributes: neededAttributes(settings),
    // Two are enough to see that there is more than one.
    limit: 2,
  })
  if (found === undefined) return 'no-match'
  if (another === undefined) return readEntry(found)
  log.warn({ account }, 'ldap_auth: more than one entry of the directory has this account, which is refused')
  return 'refused'
}

async function describe(
  { labels, groups }: LdapSettings,
  connection: Connection,
  account: string,
  entry: Entry,
): Promise<Person> {
  const own = readLabels(labels, entry)
  if (groups === undefined) return { entry, labels: own }
  return { entry, labels: { ...own, [groups.label]: await findGroups(groups, connection, account, entry) } }
}
