// The registry's way to say no: an ApiError in the shape every OCI client reads.
import { ApiError } from '../lib/errors.ts'
import type { ErrorCode } from '../protocol/error-codes.ts'
import { errorCodes } from '../protocol/error-codes.ts'

interface ErrorOptions {
  /** In place of the code's own message. */
  readonly message?: string
  readonly detail?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the code's own status. */
  readonly status?: number
  readonly cause?: unknown
}

/** The error to throw for `code`. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export function registryError(code: ErrorCode, options: ErrorOptions = {}): ApiError {
  const meaning = errorCodes[code]
  const message = options.message ?? meaning.message
  const error = { code, message, ...('detail' in options ? { detail: options.detail } : {}) }
  return new ApiError(
    options.status ?? meaning.status,
    { json: { errors: [error] } },
    { headers: options.headers ?? {}, cause: options.cause, reason: `${code}: ${message}` },
  )
}
