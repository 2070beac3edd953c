// What the disk says, as an answer.
import { expect, test } from '@jest/globals'
import { onDisk } from '../../src/registry/files.ts'

const failing = (code: string): Promise<never> =>
  onDisk(Promise.reject(Object.assign(new Error(`${code}: it failed`), { code, syscall: 'write' })))

test.each(['ENOSPC', 'EDQUOT'])('a full disk is the client’s to know (%s)', async (code) => {
  await expect(failing(code)).rejects.toMatchObject({
    name: 'ApiError',
    status: 507,
    body: { json: { errors: [{ code: 'UNKNOWN', message: 'the registry has no disk space left' }] } },
  })
})

test.each(['EIO', 'EACCES', 'EROFS', 'EMFILE'])('a failing disk is an outage (%s)', async (code) => {
  await expect(failing(code)).rejects.toMatchObject({ name: 'BackendError' })
})

test('what is not the disk’s doing passes', async () => {
  const error = new Error('not the disk')
  await expect(onDisk(Promise.reject(error))).rejects.toBe(error)
})
