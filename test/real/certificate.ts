// A TLS certificate for servers on this machine, made by openssl; its own authority.
import { join } from 'node:path'
import { scratchFolder, succeeds } from './children.ts'

export interface CertificateFiles {
  /** The PEM file of the certificate, which is also what a client has to trust. */
  readonly certificate: string
  readonly key: string
}

/** Makes a key and a self-signed certificate for `localhost` and 127.0.0.1, or for the given names, in a new folder. */
export const makeCertificate = async (
  names: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1'],
): Promise<CertificateFiles> => {
  const folder = scratchFolder()
  const files = { certificate: join(folder, 'server.crt'), key: join(folder, 'server.key') }
  await succeeds('openssl', [
    ...[
      'req',
      '-x509',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=test server',
      '-addext',
      `subjectAltName=${names.join()}`,
    ],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', files.key, '-out', files.certificate],
  ])
  return files
}
