// The three ways something goes wrong: the client's fault, an outage, the admin's configuration. lib/ knows nothing of ours.

/** What an ApiError answers with: a plain-text line (a final newline is added) or a JSON value. */
export type ErrorBody = { readonly text: string } | { readonly json: unknown }

/** The client asked for something it cannot have. Only middleware.ts turns it into a response; `cause` goes to the log, never to the client. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly body: ErrorBody
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    body: ErrorBody,
    options: { headers?: Readonly<Record<string, string>>; cause?: unknown; reason?: string } = {},
  ) {
    super(options.reason ?? ('text' in body ? body.text : `HTTP ${status}`), { cause: options.cause })
    this.status = status
    this.body = body
    this.headers = options.headers ?? {}
  }
}

/**
 * Something this process depends on (a disk, a directory, a database) did not answer. The message is for the log only.
 * With `retryAfter` (seconds) it is only busy, and the client is told when to come back.
 */
export class BackendError extends Error {
  override readonly name = 'BackendError'
  readonly retryAfter: number | undefined

  constructor(message: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(message, { cause: options.cause })
    this.retryAfter = options.retryAfter
  }
}

/** What failed and why, down to its first cause, in one sentence for whoever runs this server. */
export function describeOutage({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${describeOutage(cause)}` : message
}

/** One thing wrong with the configuration, with where it stands. `line` and `column` count from 1. */
export interface Problem {
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** The key's path, such as `acl[3].match.account`. */
  readonly path?: string
}

/** Everything wrong with the configuration, all at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[] | string, options?: { cause?: unknown }) {
    const list = typeof problems === 'string' ? [{ message: problems }] : problems
    super(list.map(formatProblem).join('\n'), options)
    this.problems = list
  }
}

/** `file:line:column: path: message`, leaving out what is not known. */
export function formatProblem(problem: Problem): string {
  const position = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  return [position, problem.path, problem.message].filter((part) => part !== undefined && part !== '').join(': ')
}
