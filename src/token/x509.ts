// Reading certificates: PEM text in, parsed certificates and their dates out.
import type { KeyObject } from 'node:crypto'
import { X509Certificate } from 'node:crypto'
import { ConfigError } from '../lib/errors.ts'

/** One block of a PEM file. */
export interface PemBlock {
  readonly label: string
  readonly text: string
}

/** From when until when a certificate is valid, both included, in milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** The blocks of a PEM file in their order; whatever stands between them is skipped. https://www.rfc-editor.org/rfc/rfc7468 */
export function readPemBlocks(pem: string): readonly PemBlock[] {
  const blocks = pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----/gs)
  return Array.from(blocks, ([text, label]) => ({ label: label ?? '', text }))
}

/** The certificates of a PEM file, in its order; other blocks are skipped. Throws ConfigError when one does not parse. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return readPemBlocks(pem)
    .filter((block) => block.label === 'CERTIFICATE')
    .map((block, index) => {
      try {
        return new X509Certificate(block.text)
      } catch (error) {
        throw new ConfigError(`certificate ${index + 1} of the file cannot be parsed`, { cause: error })
      }
    })
}

/** A certificate's own dates; a date that cannot be read makes it valid never. */
export function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: Date.parse(certificate.validFrom), notAfter: Date.parse(certificate.validTo) }
}

/** The time in which all of these certificates are valid. */
export function commonValidity(certificates: readonly X509Certificate[]): Validity {
  const dates = certificates.map(validityOf)
  return {
    notBefore: Math.max(...dates.map((each) => each.notBefore)),
    notAfter: Math.min(...dates.map((each) => each.notAfter)),
  }
}

/** Whether `at` (milliseconds) lies within the dates. */
export function isValidAt(validity: Validity, at: number): boolean {
  return validity.notBefore <= at && at <= validity.notAfter
}

/** The certificate's key, or undefined when it is of a kind that OpenSSL does not know. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

/** A certificate's subject on one line, for messages. */
export function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.replaceAll('\n', ', ')
}
