// Every error code of the registry has the status its specification gives it.
import { expect, test } from '@jest/globals'
import { errorCodes } from '../../src/protocol/error-codes.ts'

test.each([
  ['BLOB_UNKNOWN', 404],
  ['BLOB_UPLOAD_UNKNOWN', 404],
  ['MANIFEST_UNKNOWN', 404],
  ['NAME_UNKNOWN', 404],
  ['DIGEST_INVALID', 400],
  ['MANIFEST_INVALID', 400],
  ['NAME_INVALID', 400],
  ['SIZE_INVALID', 400],
  ['RANGE_INVALID', 416],
  ['UNAUTHORIZED', 401],
  ['UNSUPPORTED', 405],
] as const)('%s is %i', (code, status) => {
  expect(errorCodes[code].status).toBe(status)
})

test('every code says something', () => {
  for (const { message } of Object.values(errorCodes)) expect(message).toMatch(/^[a-zA-Z].*[^.]$/)
})
