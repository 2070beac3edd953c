// The registry's error codes, each with the status it is answered with and what it says when nothing better is known.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes

interface ErrorMeaning {
  readonly status: number
  readonly message: string
}

/** Every code this registry answers with; Distribution's own codes stand beside the OCI ones because clients know both. */
export const errorCodes = {
  BLOB_UNKNOWN: { status: 404, message: 'this repository holds no such blob' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: 'this repository has no such upload' },
  DIGEST_INVALID: { status: 400, message: 'the digest is malformed or does not match the content' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, message: 'the manifest refers to blobs this repository does not hold' },
  MANIFEST_INVALID: { status: 400, message: 'the manifest is not valid' },
  MANIFEST_UNKNOWN: { status: 404, message: 'this repository holds no such manifest' },
  NAME_INVALID: { status: 400, message: 'the repository name is not valid' },
  NAME_UNKNOWN: { status: 404, message: 'there is no such repository' },
  PAGINATION_NUMBER_INVALID: { status: 400, message: 'n is not a number of results this registry gives' },
  RANGE_INVALID: { status: 416, message: 'the range does not fit the content' },
  SIZE_INVALID: { status: 400, message: 'the length does not match the content' },
  TAG_INVALID: { status: 400, message: 'the tag is not valid' },
  UNAUTHORIZED: { status: 401, message: 'authentication required' },
  UNKNOWN: { status: 500, message: 'something went wrong' },
  UNSUPPORTED: { status: 405, message: 'this registry does not do that' },
} as const satisfies Readonly<Record<string, ErrorMeaning>>

export type ErrorCode = keyof typeof errorCodes
