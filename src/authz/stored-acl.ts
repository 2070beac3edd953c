// An access list that lives in a database: loaded whole, kept fresh, and never replaced by one that is broken.
import { BackendError, ConfigError, formatProblem } from '../lib/errors.ts'
import { within } from '../lib/within.ts'
import { explainBy } from './acl/acl.ts'
import type { Acl } from './acl/acl.ts'
import type { Authorizer } from './authorizer.ts'
import { compileRows, readRows } from './stored-rules.ts'
import type { AclRow } from './stored-rules.ts'
import type { AuthzTools } from './tools.ts'

export type { AclRow } from './stored-rules.ts'

const LOAD_MS = 60_000
const RETRY_MS = 1000
// Those who edit rules mostly edit several.
const GATHER_MS = 100

/** Where rules are stored. */
export interface AclRows {
  /** The section that configures it: the authorizer's name. */
  readonly name: string
  /** The rules in order. Throws BackendError on an outage, and ConfigError when what is stored is no list. */
  load(signal: AbortSignal): AsyncIterable<AclRow>
  /** Calls `changed` whenever another list may be stored; absent where nobody can know. */
  watch?(changed: () => void): { close(): Promise<void> }
  check?(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the authorizer of these rows, which it owns. They are loaded every `ttl` ms, when they change, and sooner after an outage; the
 * list in force stays until a good one is there. Without any, every question is an outage. Throws ConfigError when the first list is bad.
 */
export async function openStoredAcl(
  rows: AclRows,
  { ttl }: { readonly ttl: number },
  { now, log }: AuthzTools,
): Promise<Authorizer> {
  const { name } = rows
  const backend = { backend: name }
  const failuresLogged = new Set<string>()
  let current: { readonly digest: string; readonly acl: Acl } | undefined
  let failure: unknown
  let outages = 0
  let changes = 0
  let changesSeen = 0
  let closed = false
  let loading: AbortController | undefined
  let timer: NodeJS.Timeout | undefined

  async function load(signal: AbortSignal, late: () => void): Promise<void> {
    const stored = await within({ what: `loading the rules of ${name}`, ms: LOAD_MS, signal, late }, async () => {
      try {
        return await readRows(rows.load(signal), signal)
      } catch (error) {
        // Carried around `within`, to which everything is an outage.
        if (error instanceof ConfigError) return error
        throw error
      }
    })
    if (stored instanceof ConfigError) throw stored
    if (stored.digest === current?.digest) return
    const { acl, warnings } = await compileRows(stored, signal)
    current = { digest: stored.digest, acl }
    for (const warning of warnings) log.warn(backend, formatProblem(warning))
    log.info({ ...backend, rules: acl.size }, 'the rules are in force')
  }

  // Answers when to come back, in ms.
  function failed(error: unknown): number {
    failure = error
    const reason = String(error)
    if (!failuresLogged.has(reason)) {
      const why = error instanceof ConfigError ? { reasons: error.problems.map(formatProblem) } : { err: error }
      log.error({ ...backend, ...why }, current === undefined ? NO_LIST : LAST_GOOD)
    }
    failuresLogged.add(reason)
    if (error instanceof ConfigError) return ttl
    return Math.min(ttl, RETRY_MS * 2 ** outages++)
  }

  function succeeded(): number {
    if (failure !== undefined) log.info(backend, 'the rules can be read again')
    failure = undefined
    failuresLogged.clear()
    outages = 0
    return ttl
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer)
    changesSeen = changes
    const attempt = (loading = new AbortController())
    const pause = await load(attempt.signal, () => attempt.abort()).then(succeeded, (error: unknown) =>
      closed ? ttl : failed(error),
    )
    loading = undefined
    schedule(changes > changesSeen ? GATHER_MS : pause)
  }

  function schedule(ms: number): void {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(() => void refresh(), ms).unref()
  }

  function listInForce(): Acl {
    if (current === undefined) throw new BackendError(`${name} has no rules yet`, { cause: failure })
    return current.acl
  }

  const watching = rows.watch?.(() => {
    if (changes++ === changesSeen && loading === undefined) schedule(GATHER_MS)
  })

  async function close(): Promise<void> {
    closed = true
    clearTimeout(timer)
    loading?.abort()
    await watching?.close()
    await rows.close()
  }

  await refresh()
  if (failure instanceof ConfigError) {
    await close()
    throw failure
  }

  return {
    name,
    authorize: async (request) => Promise.resolve(listInForce().decide(request, now())),
    explain: async (request) => explainBy(listInForce(), request, now()),
    labels: () => current?.acl.labels ?? new Set(),
    async check(signal) {
      if (failure !== undefined) throw new BackendError(`${name} could not be refreshed`, { cause: failure })
      await rows.check?.(signal)
    },
    close,
  }
}

const NO_LIST = 'there are no rules yet: nobody is granted anything'
const LAST_GOOD = 'the rules could not be refreshed; the last good list stays in force'
