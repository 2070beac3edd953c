// Which back ends do not answer at the moment: for probes, so asked rarely and hardly waited for.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticator } from './authn/index.ts'
import type { Authorizer } from './authz/index.ts'
import type { Logger } from './lib/logger.ts'
import { within } from './lib/within.ts'

const LIMIT_MS = 2_000
const REMEMBER_MS = 5_000
// A probe gives up after a second, unless its admin gave it longer: then what is known so far must do.
const PATIENCE_MS = 500

type BackEnd = Pick<Authenticator | Authorizer, 'name' | 'check'>

/** Creates the question. Those known to fail are named within half a second; a change is logged with the reason. */
export function createDegraded(
  backends: readonly BackEnd[],
  log: Logger,
  now: () => number = () => performance.now(),
): () => Promise<readonly string[]> {
  const failing = new Set<string>()
  let asked = { at: -Infinity, done: Promise.resolve<unknown>(undefined) }

  async function ask(backend: BackEnd): Promise<void> {
    const { name } = backend
    const ending = new AbortController()
    try {
      await within({ what: name, ms: LIMIT_MS, late: () => ending.abort() }, async () => backend.check?.(ending.signal))
      if (failing.delete(name)) log.info({ backend: name }, 'the back end answers again')
    } catch (error) {
      if (!failing.has(name)) log.error({ backend: name, err: error }, 'the back end does not answer')
      failing.add(name)
    }
  }

  return async () => {
    if (now() - asked.at > REMEMBER_MS) asked = { at: now(), done: Promise.all(backends.map(ask)) }
    await Promise.race([asked.done, sleep(PATIENCE_MS, undefined, { ref: false })])
    return [...failing].sort()
  }
}
