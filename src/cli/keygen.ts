// registry-auth keygen: a signing key and its self-signed certificate, in two files that must not exist yet.
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createFile } from '../lib/create-file.ts'
import { ConfigError } from '../lib/errors.ts'
import { describeOwner, errorCode, requireFolder } from '../lib/file-errors.ts'
import { createSelfSigned } from '../token/index.ts'

/** Writes `token.key` (0600) and `token.crt` into the folder, which it makes if need be, and answers their paths. Throws ConfigError, having written nothing, when either exists. */
export async function generateKey(
  folder: string,
  type: 'ec' | 'rsa' | 'ed25519',
  now: () => number,
): Promise<string[]> {
  await requireFolder(folder, 'name another folder')
  const keyFile = join(folder, 'token.key')
  const certificateFile = join(folder, 'token.crt')
  for (const file of [keyFile, certificateFile]) {
    if ((await stat(file).catch(() => undefined)) !== undefined)
      throw new ConfigError(`${file} exists already; keygen never overwrites`)
  }
  const { privateKeyPem, certificatePem } = await createSelfSigned({
    commonName: 'registry-auth token signing',
    now,
    days: 3650,
    type,
  })
  await create(keyFile, privateKeyPem, 0o600)
  await create(certificateFile, certificatePem, 0o644)
  return [keyFile, certificateFile]
}

async function create(path: string, content: string, mode: number): Promise<void> {
  try {
    await createFile(path, content, mode)
  } catch (error) {
    const why = errorCode(error) === 'EACCES' ? await describeOwner(dirname(path)) : errorCode(error)
    throw new ConfigError(`${path} cannot be written (${why})`, { cause: error })
  }
}
