// The people and groups of the LDAP suites.

const people = 'ou=people,dc=example,dc=org'
const groups = 'ou=groups,dc=example,dc=org'

/** The DN of a person, of a group. */
export const person = (uid: string): string => `uid=${uid},${people}`
export const group = (cn: string): string => `cn=${cn},${groups}`

/** A password that only this person has. */
export const passwordOf = (uid: string): string => `${uid}-password`

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** One person as LDIF. The DN is given where it is not simply made of the uid. */
export const personLdif = (uid: string, more = '', dn = person(uid)): string => `dn:: ${base64(dn)}
objectClass: inetOrgPerson
uid:: ${base64(uid)}
cn:: ${base64(`The ${uid}`)}
sn: Example
userPassword:: ${base64(passwordOf(uid))}
${more}`

export const groupLdif = (cn: string, members: readonly string[]): string => `dn: ${group(cn)}
objectClass: groupOfNames
cn: ${cn}
${members.map((member) => `member:: ${base64(member)}\n`).join('')}`

/** Names that mean something to somebody: to filters, to DNs, to shells, or in other scripts. */
export const oddNames = [
  'o,comma',
  'o+plus',
  'o"quote',
  'o;semicolon',
  '#hash',
  'o<less>greater',
  'o\\backslash',
  'o=equals',
  'o*star',
  'o(paren)',
  'o/slash',
  "o'apostrophe",
  '${account}',
  'Jürgen Müller',
  '管理者',
] as const

// RFC 4514's escapes, in hexadecimal throughout.
const oddDn = (uid: string): string =>
  `uid=${[...Buffer.from(uid)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')},${people}`

/** Everybody of the suites, as LDIF. */
export const everybody = [
  `dn: ${people}\nobjectClass: organizationalUnit\nou: people\n`,
  `dn: ${groups}\nobjectClass: organizationalUnit\nou: groups\n`,
  `dn: ou=services,dc=example,dc=org\nobjectClass: organizationalUnit\nou: services\n`,
  `dn: cn=searcher,ou=services,dc=example,dc=org
objectClass: device
objectClass: simpleSecurityObject
cn: searcher
userPassword: searcher-password
`,
  personLdif(
    'alice',
    'ou: Sales\nou: RESEARCH\nmail: alice@example.org\nmanager: uid=bob,ou=people,dc=example,dc=org\n',
  ),
  personLdif('bob', 'jpegPhoto:: //4AAQ==\n'),
  personLdif('carol'),
  personLdif('twice'),
  personLdif('twice', '', `cn=second,ou=services,dc=example,dc=org`),
  personLdif('alsoknown', 'uid: alias\n'),
  personLdif('nopassword').replace(/userPassword.*\n/, ''),
  ...oddNames.map((uid) => personLdif(uid, '', oddDn(uid))),
  `dn: uid=elsewhere,${people}\nobjectClass: referral\nobjectClass: extensibleObject\nuid: elsewhere\nref: ldap://127.0.0.1:1/${person('bob')}\n`,
  groupLdif('developers', [person('alice'), person('carol'), oddDn('o,comma')]),
  groupLdif('engineering', [group('developers')]),
  groupLdif('staff', [group('engineering'), person('bob')]),
  // Two that are in each other, above everybody.
  groupLdif('circle-a', [group('staff'), group('circle-b')]),
  groupLdif('circle-b', [group('circle-a')]),
].join('\n')
