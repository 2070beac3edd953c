// The groups a person is in, and the groups those are in.
import { BackendError } from '../../lib/errors.ts'
import type { LdapSettings } from './config.ts'
import type { Connection } from './connection.ts'
import { readEntry } from './entry.ts'
import type { Entry } from './entry.ts'
import { fillFilter } from './template.ts'

const MAX_GROUPS = 1000
const PER_SEARCH = 50

/**
 * The names of every group of this person, each once. Throws BackendError when they cannot all be had: a rule that denies by group
 * must not be missed.
 */
export async function findGroups(
  groups: NonNullable<LdapSettings['groups']>,
  connection: Connection,
  account: string,
  person: Entry,
): Promise<readonly string[]> {
  const found = new Map<string, Entry>()
  let members = [person.dn]
  // Level by level, and no group twice, so that circles end.
  for (let above = 0; members.length > 0 && above <= (groups.nested === 'walk' ? groups.depth : 0); above++) {
    const level = await groupsOf(groups, connection, account, members)
    const added = level.filter(({ dn }) => !found.has(dn))
    for (const group of added) found.set(group.dn, group)
    if (found.size > MAX_GROUPS) throw new BackendError(`somebody is in more than ${MAX_GROUPS} groups`)
    members = added.map(({ dn }) => dn)
  }
  return [...new Set([...found.values()].flatMap(({ values }) => values(groups.attribute)))]
}

// One search for many members: a level costs a few round trips, however many groups it has.
async function groupsOf(
  { base, filter, attribute }: NonNullable<LdapSettings['groups']>,
  connection: Connection,
  account: string,
  members: readonly string[],
): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let start = 0; start < members.length; start += PER_SEARCH) {
    const filters = members.slice(start, start + PER_SEARCH).map((dn) => wrapped(fillFilter(filter, { account, dn })))
    // Without a size limit of ours, because ldapts would keep quiet about one that was reached.
    const query = { base, scope: 'sub', filter: `(|${filters.join('')})`, attributes: [attribute] } as const
    entries.push(...(await connection.search(query)).map(readEntry))
  }
  return entries
}

function wrapped(filter: string): string {
  return filter.startsWith('(') ? filter : `(${filter})`
}
