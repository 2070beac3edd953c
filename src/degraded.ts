// Which back ends do not answer at the moment: for probes, so asked rarely and never waited for long.
import type { Authenticator } from './authn/index.ts'
import type { Authorizer } from './authz/index.ts'
import type { Logger } from './lib/logger.ts'

const LIMIT_MS = 2_000
const REMEMBER_MS = 5_000

type BackEnd = Pick<Authenticator | Authorizer, 'name' | 'check'>

/** Creates the question. The names of those that fail are answered, and logged with the reason when that changes. */
export function createDegraded(
  backends: readonly BackEnd[],
  log: Logger,
  now: () => number = () => performance.now(),
): () => Promise<readonly string[]> {
  const failing = new Set<string>()
  let asked = { at: -Infinity, answer: Promise.resolve<readonly string[]>([]) }

  async function ask(backend: BackEnd): Promise<void> {
    const { name } = backend
    try {
      await withLimit((signal) => backend.check?.(signal) ?? Promise.resolve())
      if (failing.delete(name)) log.info({ backend: name }, 'the back end answers again')
    } catch (error) {
      if (!failing.has(name)) log.error({ backend: name, err: error }, 'the back end does not answer')
      failing.add(name)
    }
  }

  return () => {
    if (now() - asked.at > REMEMBER_MS)
      asked = { at: now(), answer: Promise.all(backends.map(ask)).then(() => [...failing].sort()) }
    return asked.answer
  }
}

async function withLimit(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS} ms`)), { once: true })
  })
  await Promise.race([work(signal), late])
}
