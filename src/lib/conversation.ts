// One run of a program that answers many questions: a line of JSON each way, matched by id.
import { z } from 'zod'
import { BackendError } from './errors.ts'
import { formatJsonLine, parseJson } from './json.ts'
import { startProcess } from './process-group.ts'
import type { Ending, Program } from './process-group.ts'

/** A program that is being talked to. */
export interface Conversation {
  /** Asks `{id, ...question}` and answers the whole line with that id. Throws BackendError when none comes in time or the program ends. */
  ask(question: object): Promise<unknown>
  /** Resolves with the reason when the program has ended; it reads on after the program's name. */
  readonly over: Promise<string>
  /** Lets the program end by itself, then tells it to, then kills it and all it started. */
  stop(): Promise<void>
}

const MAX_LINE = 1024 * 1024
const MAX_SILENT = 3
const MAX_LATE = 100
const STOP_MS = 2_000
const NEWLINE = 10

const Answer = z.looseObject({ id: z.int().positive() })

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: BackendError) => void
}

/**
 * Starts the program. Each answer may take `timeout` ms. A program that breaks the rules of the conversation is killed, and so is one
 * that says nothing to three questions while their time passes, or owes a hundred answers.
 */
export function startConversation(program: Program, timeout: number): Conversation {
  const waiting = new Map<number, Waiting>()
  const late = new Set<number>()
  let lastId = 0
  // The last question before the last answer.
  let heard = 0
  let unread = Buffer.alloc(0)
  let why: string | undefined

  const child = startProcess(program, (chunk) => {
    unread = Buffer.concat([unread, chunk])
    for (let end = unread.indexOf(NEWLINE); end >= 0 && why === undefined; end = unread.indexOf(NEWLINE)) {
      take(unread.subarray(0, end).toString())
      unread = unread.subarray(end + 1)
    }
    if (why !== undefined) unread = Buffer.alloc(0)
    else if (unread.length > MAX_LINE) kill('wrote a line of more than 1 MiB')
  })
  const over = child.ended.then((ending) => {
    why ??= describe(ending)
    for (const { reject } of waiting.values()) reject(failed(why))
    return why
  })

  function take(line: string): void {
    const { data: answer } = Answer.safeParse(parseJson(line))
    if (answer === undefined) return kill('wrote a line that is no JSON object with the id of a question')
    const asked = waiting.get(answer.id)
    // Nobody waits any more for one that comes too late.
    if (asked === undefined && !late.delete(answer.id))
      return kill('answered a question that nobody asked, or one twice')
    heard = lastId
    asked?.resolve(answer)
  }

  function kill(reason: string): void {
    why ??= reason
    child.signal('SIGKILL')
  }

  const failed = (reason: string): BackendError => new BackendError(`${program.command} ${reason}`)

  return {
    over,
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (why !== undefined) return reject(failed(why))
        const id = ++lastId
        const limit = setTimeout(() => {
          waiting.delete(id)
          late.add(id)
          reject(failed(`did not answer within ${timeout} ms`))
          const silent = [...late].filter((each) => each > heard).length
          if (silent >= MAX_SILENT || late.size >= MAX_LATE) kill(`left ${late.size} questions unanswered`)
        }, timeout)
        const settle = <T>(how: (value: T) => void) => {
          return (value: T): void => {
            clearTimeout(limit)
            waiting.delete(id)
            how(value)
          }
        }
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
        child.write(formatJsonLine({ id, ...question }))
      }),
    async stop() {
      const steps = [() => child.endInput(), () => child.signal('SIGTERM'), () => child.signal('SIGKILL')]
      for (const step of steps) {
        step()
        if (await endsSoon(child.ended)) return
      }
    },
  }
}

function describe(ending: Ending): string {
  return 'failure' in ending ? ending.failure : `ended with status ${ending.status}`
}

function endsSoon(ended: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), STOP_MS)
    void ended.then(() => {
      clearTimeout(limit)
      resolve(true)
    })
  })
}
