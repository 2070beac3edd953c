// Asks the thread that reads long lists of rules.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { AclDocument, AclDocumentKind } from './acl-document.ts'
import type { AclEntryConfig } from './authz/index.ts'
import { ConfigError } from './lib/errors.ts'
import type { Problem } from './lib/errors.ts'
import { errorCode } from './lib/file-errors.ts'

// A document of the largest size that is read at all needs less; one made to need more must not take the server with it.
const MAX_MEMORY_MIB = 3072
const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY'

/** What the thread is asked: to read a text, then for its rules until there are no more. */
export type AclQuestion =
  | {
      readonly what: 'read'
      readonly text: string
      readonly file: string
      readonly kind: AclDocumentKind
      readonly evadable: string | undefined
    }
  | { readonly what: 'more' }

/** What it answers. The document is without its rules, which follow. */
export type AclReply =
  | { readonly what: 'read'; readonly document: AclDocument }
  | { readonly what: 'rules'; readonly rules: readonly AclEntryConfig[]; readonly lines: readonly number[] }
  | { readonly what: 'refused'; readonly problems: readonly Problem[] }

/** A rule and the line it stands at. */
export interface NumberedRule {
  readonly entry: AclEntryConfig
  readonly line: number
}

/** The thread; one question at a time. */
export interface AclThread {
  /** What the text holds but its rules. Throws ConfigError for what is no YAML, or too much of it. */
  read(question: Omit<Extract<AclQuestion, { what: 'read' }>, 'what'>): Promise<AclDocument>
  /** The rules of what was read last, some at a time; each time the event loop has had its turn. */
  rules(): AsyncIterable<readonly NumberedRule[]>
  close(): Promise<void>
}

const SCRIPT = new URL('./acl-worker.js', import.meta.url)

/** Whether there is such a thread: not where the sources themselves are run, as tests do. */
export function hasAclThread(): boolean {
  return existsSync(fileURLToPath(SCRIPT))
}

/** Starts it. */
export function startAclThread(): AclThread {
  const worker = new Worker(SCRIPT, { resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MIB } })

  let over: unknown
  let fail = (_cause: unknown): void => undefined
  // Also between two questions: an error that nobody listens to would end the server, and who asks a dead thread would wait for ever.
  function end(cause: unknown): void {
    over ??= cause
    fail(over)
  }
  worker.on('error', end).on('exit', (status) => end(new Error(`the thread ended with status ${status}`)))

  function ask(question: AclQuestion): Promise<AclReply> {
    return new Promise((resolve, reject) => {
      fail = (cause) => {
        const message = `cannot be read: ${errorCode(cause) === OUT_OF_MEMORY ? 'it takes too much memory' : String(cause)}`
        reject(new ConfigError([question.what === 'read' ? { file: question.file, message } : { message }], { cause }))
      }
      if (over !== undefined) return fail(over)
      worker.removeAllListeners('message').once('message', resolve)
      worker.postMessage(question)
    })
  }

  return {
    async read(question) {
      const reply = await ask({ what: 'read', ...question })
      if (reply.what === 'read') return reply.document
      throw new ConfigError(reply.what === 'refused' ? reply.problems : 'the rules could not be read')
    },
    async *rules() {
      for (;;) {
        const reply = await ask({ what: 'more' })
        if (reply.what !== 'rules' || reply.rules.length === 0) return
        yield reply.rules.map((entry, index) => ({ entry, line: reply.lines[index] ?? 0 }))
      }
    },
    async close() {
      await worker.terminate()
    },
  }
}
