// A program that stays: started when it is first needed, asked many times, and started again when it ends.
import { startConversation } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { BackendError } from './errors.ts'
import type { Logger } from './logger.ts'
import type { Program } from './process-group.ts'

/** A program that answers questions for as long as it is needed. */
export interface PersistentProgram {
  /** The program's answer, as the JSON object it wrote. Throws BackendError when there is none in time, or it rests after a failure. */
  ask(question: object): Promise<unknown>
  /** Starts the program unless it runs. Throws BackendError while it rests. */
  check(): void
  close(): Promise<void>
}

const FIRST_REST_MS = 100
const LONGEST_REST_MS = 30_000

/**
 * Creates one; nothing is started yet. Each answer may take `timeout` ms. A program that ended is started again by the next
 * question; one that ends again and again without an answer in between rests before that, for longer each time, up to 30 s.
 */
export function createPersistentProgram(program: Program, timeout: number, log: Logger): PersistentProgram {
  let current: Conversation | undefined
  let failures = 0
  let rest: { readonly ms: number; readonly timer: NodeJS.Timeout } | undefined
  let closed = false

  function conversation(): Conversation {
    if (closed) throw new BackendError(`${program.command} has been stopped`)
    if (rest !== undefined) {
      throw new BackendError(`${program.command} ended and rests before its next start`, {
        retryAfter: Math.ceil(rest.ms / 1000),
      })
    }
    current ??= start()
    return current
  }

  function start(): Conversation {
    const started = startConversation(program, timeout)
    void started.over.then((reason) => {
      current = undefined
      if (closed) return
      const ms = failures === 0 ? 0 : Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS)
      failures++
      if (ms > 0) rest = { ms, timer: setTimeout(() => (rest = undefined), ms).unref() }
      log.warn({ program: program.command, restMs: ms }, `the program ${reason}`)
    })
    return started
  }

  return {
    async ask(question) {
      const answer = await conversation().ask(question)
      failures = 0
      return answer
    },
    check: () => void conversation(),
    async close() {
      closed = true
      clearTimeout(rest?.timer)
      await current?.stop()
    },
  }
}
