// OpenLDAP's slapd with a directory of the suite's own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { CertificateFiles } from './certificate.ts'
import { type Child, endChild, freePort, scratchFolder, startChild, succeeds, waitUntil } from './children.ts'
import { program } from './requires.ts'

export interface SlapdOptions {
  /** The directory's content below `baseDn`, as LDIF; the entry of `baseDn` is there already. */
  readonly entries: string
  /** Further schemas after core, cosine and inetorgperson: cn=config LDIF, or `include: file:///etc/ldap/schema/….ldif`. */
  readonly schemaLdif?: string
  /** With it the server answers LDAPS as well, and StartTLS on its plain port. */
  readonly tls?: CertificateFiles
  /**
   * `memberof` keeps memberOf in step with groupOfNames. `ppolicy` locks an account at the third wrong password (policy
   * `cn=policy,dc=example,dc=org`); an entry's pwdPolicySubentry names another policy.
   */
  readonly overlays?: readonly ('memberof' | 'ppolicy')[]
}

export interface Slapd {
  /** `ldap://127.0.0.1:port`, with StartTLS when there is a certificate. */
  readonly url: string
  /** `ldaps://127.0.0.1:port`; nobody listens there without a certificate. */
  readonly ldapsUrl: string
  readonly baseDn: string
  /** May read and change everything. */
  readonly rootDn: string
  readonly rootPassword: string
  /** The process now running; its output has a line for every operation ("conn=1000 op=0 BIND dn=…"). */
  child(): Child
  /** Ends it without a farewell to its clients. */
  kill(): Promise<void>
  /** Starts it again, after `kill`, on the same ports with the same content. */
  restart(): Promise<void>
  /** Adds entries, or does what LDIF change records (`changetype: modify`) say. */
  add(ldif: string): Promise<void>
}

const baseDn = 'dc=example,dc=org'
const rootDn = `cn=admin,${baseDn}`
const rootPassword = 'root-password'

const baseLdif = `dn: ${baseDn}
objectClass: dcObject
objectClass: organization
dc: example
o: Example
`

const policyLdif = `dn: cn=policy,${baseDn}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
`

const overlayLdif = {
  memberof: `dn: olcOverlay=memberof,olcDatabase={1}mdb,cn=config
objectClass: olcMemberOfConfig
olcOverlay: memberof
`,
  ppolicy: `dn: olcOverlay=ppolicy,olcDatabase={1}mdb,cn=config
objectClass: olcPPolicyConfig
olcOverlay: ppolicy
olcPPolicyDefault: cn=policy,${baseDn}
olcPPolicyUseLockout: TRUE
`,
} as const

const configLdif = ({ schemaLdif, tls, overlays = [] }: SlapdOptions, data: string): string =>
  [
    `dn: cn=config
objectClass: olcGlobal
cn: config
${tls ? `olcTLSCertificateFile: ${tls.certificate}\nolcTLSCertificateKeyFile: ${tls.key}\n` : ''}`,
    `dn: cn=module,cn=config
objectClass: olcModuleList
cn: module
olcModulePath: /usr/lib/ldap
${['back_mdb', ...overlays].map((name) => `olcModuleLoad: ${name}\n`).join('')}`,
    'dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n',
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include: file:///etc/ldap/schema/${name}.ldif\n`),
    ...(schemaLdif === undefined ? [] : [schemaLdif]),
    `dn: olcDatabase={1}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {1}mdb
olcDbDirectory: ${data}
olcDbNoSync: TRUE
olcDbIndex: objectClass,uid,cn,member eq
olcSuffix: ${baseDn}
olcRootDN: ${rootDn}
olcRootPW: ${rootPassword}
olcAccess: to attrs=userPassword by anonymous auth by * none
olcAccess: to * by * read
`,
    ...overlays.map((name) => overlayLdif[name]),
  ].join('\n')

const takesConnections = ({ hostname, port }: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(Number(port), hostname, () => resolve(true)).on('error', () => resolve(false))
    probe.once('close', () => resolve(false)).once('connect', () => probe.destroy())
  })

/** Starts a directory, fills it and waits until it answers; everybody may read it, except for passwords. */
export const startSlapd = async (options: SlapdOptions): Promise<Slapd> => {
  const folder = scratchFolder()
  const [settings, data] = [join(folder, 'config'), join(folder, 'data')]
  for (const name of [settings, data]) mkdirSync(name)
  await succeeds(program('slapadd'), ['-n', '0', '-F', settings], { input: configLdif(options, data) })

  const url = `ldap://127.0.0.1:${await freePort()}`
  const ldapsUrl = `ldaps://127.0.0.1:${await freePort()}`
  const start = async (): Promise<Child> => {
    const listeners = options.tls ? `${url}/ ${ldapsUrl}/` : `${url}/`
    // Any -d keeps it in the foreground.
    const child = startChild(program('slapd'), ['-F', settings, '-h', listeners, '-d', 'stats'])
    await waitUntil(child, () => Promise.resolve(child.output().includes('slapd starting')))
    await waitUntil(child, () => takesConnections(new URL(url)))
    return child
  }
  let child = await start()

  const passwordFile = join(folder, 'root-password')
  writeFileSync(passwordFile, rootPassword, { mode: 0o600 })
  const add = async (ldif: string): Promise<void> => {
    await succeeds('ldapmodify', ['-a', '-x', '-H', url, '-D', rootDn, '-y', passwordFile], { input: ldif })
  }
  await add([baseLdif, ...(options.overlays?.includes('ppolicy') ? [policyLdif] : []), options.entries].join('\n'))

  return {
    ...{ url, ldapsUrl, baseDn, rootDn, rootPassword, add },
    child: () => child,
    kill: async () => {
      await endChild(child, 'SIGKILL')
    },
    restart: async () => {
      child = await start()
    },
  }
}
