// A certificate authority for tests, of the openssl command: certificates good and bad, made from one line each.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Spec {
  /** The issuing certificate's name; itself when absent. */
  readonly by?: string
  /** In openssl's form; the certificate's own name when absent. */
  readonly subject?: string
  readonly key?: 'ec' | 'p384' | 'rsa' | 'ed25519'
  /** Uses the key of another certificate. */
  readonly keyOf?: string
  /** Lines of an openssl extension section; none at all makes a certificate of version 1. */
  readonly ext?: readonly string[]
  /** From and to, `YYMMDD`. */
  readonly dates?: readonly [string, string]
  readonly digest?: string
  readonly options?: readonly string[]
}

export interface Authority {
  /** The file of a named certificate, made when first asked for. */
  readonly file: (name: string) => string
  /** The file of its private key. */
  readonly keyFile: (name: string) => string
  readonly pem: (name: string) => string
  /** A copy whose last byte, which belongs to the signature, is another. */
  readonly damagedPem: (name: string) => string
  readonly folder: string
}

const KEYS = {
  ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ed25519: () => generateKeyPairSync('ed25519'),
}

const CONFIG = (folder: string): string => `
[ca]
default_ca = one
[one]
database = ${folder}/index
serial = ${folder}/serial
new_certs_dir = ${folder}
default_md = default
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = optional
emailAddress = optional
[req]
distinguished_name = any
[none]
`

export function toDer(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64')
}

export function toPem(der: Uint8Array | ArrayBuffer): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(new Uint8Array(der)).toString('base64')}\n-----END CERTIFICATE-----\n`
}

/** An authority that knows these certificates. */
export function createAuthority(specs: Readonly<Record<string, Spec>>): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const at = (...parts: string[]): string => join(folder, parts.join(''))
  writeFileSync(at('config'), CONFIG(folder))
  writeFileSync(at('index'), '')
  writeFileSync(at('serial'), '01')
  const made = new Set<string>()
  const specOf = (name: string): Spec => {
    const spec = specs[name]
    if (spec === undefined) throw new Error(`no certificate is called ${name}`)
    return spec
  }
  const openssl = (...words: readonly string[]): void =>
    void execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] })

  const keyFile = (name: string): string => {
    const { key = 'ec', keyOf } = specOf(name)
    if (keyOf !== undefined) return keyFile(keyOf)
    const file = at(name, '.key')
    if (!made.has(file)) writeFileSync(file, KEYS[key]().privateKey.export({ type: 'pkcs8', format: 'pem' }))
    made.add(file)
    return file
  }

  const make = (name: string): void => {
    const { by, subject = `/CN=${name}`, ext = [], dates = ['250101', '360101'], digest, options = [] } = specOf(name)
    writeFileSync(at(name, '.ext'), `[our]\norganizationName=Our\n[x]\n${ext.join('\n')}\n`)
    openssl('req', '-new', '-config', at('config'), '-key', keyFile(name), '-subj', subject, '-out', at(name, '.req'))
    const issuer =
      by === undefined ? ['-selfsign', '-keyfile', keyFile(name)] : ['-cert', file(by), '-keyfile', keyFile(by)]
    const md = digest === undefined ? [] : ['-md', digest]
    const extensions = ext.length === 0 ? [] : ['-extfile', at(name, '.ext'), '-extensions', 'x']
    const validity = ['-startdate', `${dates[0]}000000Z`, '-enddate', `${dates[1]}000000Z`]
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-preserveDN',
      '-rand_serial',
      '-config',
      at('config'),
      ...issuer,
      ...md,
      ...extensions,
      ...validity,
      ...options,
      '-in',
      at(name, '.req'),
      '-out',
      at(name, '.crt'),
    )
  }

  const file = (name: string): string => {
    const path = at(name, '.crt')
    if (!made.has(path)) make(name)
    made.add(path)
    return path
  }
  const pem = (name: string): string => readFileSync(file(name), 'utf8')

  return {
    folder,
    file,
    keyFile,
    pem,
    damagedPem(name) {
      const der = toDer(pem(name))
      der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
      return toPem(der)
    },
  }
}
