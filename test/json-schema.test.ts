// The JSON Schemas that editors complete and check by: of the same schemas that files are read with, shipped, and never out of date.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import Ajv from 'ajv'
import { load } from 'js-yaml'
import { printSchema } from '../src/cli/schema.ts'
import type { SchemaKind } from '../src/cli/schema.ts'
import { loadConfig } from '../src/config.ts'
import { jsonSchemas } from '../src/json-schema.ts'
import { KEY_DESCRIPTIONS } from '../src/key-descriptions.ts'
import type { ConfigError } from '../src/lib/errors.ts'
import { createFileSet } from '../src/lib/files.ts'
import { toJsonSchema } from '../src/lib/json-schema.ts'
import type { JsonSchema } from '../src/lib/json-schema.ts'
import { bool, duration, int } from '../src/lib/schema.ts'
import { useFolder } from './support/folder.ts'

const KINDS: SchemaKind[] = ['config', 'acl']

async function printed(kind: SchemaKind): Promise<unknown> {
  let text = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  await expect(printSchema(kind, jsonSchemas, out)).resolves.toBe(0)
  return JSON.parse(text)
}

const ajv = new Ajv({ allErrors: true })
const validators = {
  config: ajv.compile(await jsonSchemas.config()),
  acl: ajv.compile(jsonSchemas.acl()),
}

/** What an editor would underline in this text, which it reads as YAML 1.2. */
function underlined(kind: SchemaKind, text: string): string[] {
  const validate = validators[kind]
  if (validate(load(text)) === true) return []
  return (validate.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${String(message)}`)
}

describe('what is shipped', () => {
  test.each(KINDS)('schema/%s.schema.json is what the command prints: npm run schema makes it again', async (kind) => {
    const shipped: unknown = JSON.parse(await readFile(`schema/${kind}.schema.json`, 'utf8'))
    expect(shipped).toEqual(await printed(kind))
  })

  test('what is said about keys is about keys that there are', async () => {
    const paths = new Set([...pathsOf(await jsonSchemas.config(), ''), ...pathsOf(jsonSchemas.acl(), '')])
    expect(Object.keys(KEY_DESCRIPTIONS).filter((path) => !paths.has(path))).toEqual([])
  })
})

function pathsOf(schema: JsonSchema, path: string): string[] {
  const { properties = {}, items, additionalProperties, anyOf = [] } = schema
  const below = (at: string, one: unknown): string[] => [at, ...pathsOf(one as JsonSchema, at)]
  return [
    ...Object.entries(properties).flatMap(([key, one]) => below(path === '' ? key : `${path}.${key}`, one)),
    ...(items === undefined ? [] : below(`${path}[]`, items)),
    ...(typeof additionalProperties === 'object' ? below(`${path}.*`, additionalProperties) : []),
    ...anyOf.flatMap((one) => pathsOf(one, path)),
  ]
}

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.yml')).map((name) => join(folder, name))

describe.each([
  ['config', await filesOf('examples')],
  ['acl', await filesOf('acl')],
] as const)('every file by the %s schema', (kind, files) => {
  test.each(files)(
    '%s begins with the line that an editor finds the schema by, and has nothing to underline',
    async (file) => {
      const text = await readFile(file, 'utf8')
      expect(text.split('\n')[0]).toBe(`# yaml-language-server: $schema=../schema/${kind}.schema.json`)
      expect(underlined(kind, text)).toEqual([])
    },
  )
})

const RULE = 'match: {account: alice}, actions: [pull]'

describe('an access list', () => {
  test.each([
    ['a list', `[{${RULE}}]`],
    ['a list under its key', `acl: [{${RULE}, id: a, comment: text}]`],
    ['an empty list', 'acl: []'],
    ['syntax as a number', 'syntax: 2\nacl: []'],
    ['syntax as text', "syntax: '1'\nacl: []"],
    ['numbers and booleans where text is read', 'acl: [{match: {account: 7, name: true}, actions: [1]}]'],
    ['keys without a value', 'acl: [{match: {account: , labels: }, actions: [], comment: }]'],
    [
      'one address or several',
      'acl: [{match: {ip: 10.0.0.0/8}, actions: []}, {match: {ip: [10.0.0.1, "::1"]}, actions: []}]',
    ],
    ['hours and days', 'acl: [{match: {time: {after: "08:30", days: [mon, fri]}}, actions: []}]'],
    ['tests', 'tests: [{account: alice, scope: "repository:a/b:pull", expect: [pull], quoted_labels: true}]'],
    ['rules and their tests', `acl: [{${RULE}}]\ntests: []`],
  ])('%s is one', (_what, text) => expect(underlined('acl', text)).toEqual([]))

  test.each([
    ['a typo under match', 'acl: [{match: {acount: alice}, actions: []}]'],
    ['a typo under match, in a bare list', '[{match: {acount: alice}, actions: []}]'],
    ['a typo in a rule', `acl: [{${RULE}, coment: text}]`],
    ['no actions', 'acl: [{match: {}}]'],
    ['actions that say nothing', 'acl: [{match: {}, actions: }]'],
    ['no match', 'acl: [{actions: []}]'],
    ['one action instead of a list', 'acl: [{match: {}, actions: pull}]'],
    ['a list as an account', 'acl: [{match: {account: [alice, bob]}, actions: []}]'],
    ['a day that is none', 'acl: [{match: {time: {days: [monday]}}, actions: []}]'],
    ['an id with a space', `acl: [{${RULE}, id: "a b"}]`],
    ['a syntax that there is not', 'syntax: 3\nacl: []'],
    ['an unknown key', `acl: []\nalc: []`],
    ['a test without an expectation', 'tests: [{account: alice, scope: "repository:a/b:pull"}]'],
    ['nothing', '{}'],
  ])('%s is underlined', (_what, text) => expect(underlined('acl', text)).not.toEqual([]))
})

const TOKEN = 'token: {issuer: us, expiration: 900}'
const BASE = `server: {addr: ":5001"}\n${TOKEN}\n`

describe('a configuration', () => {
  test.each([
    ['the least', BASE],
    ['rules', `${BASE}acl: [{${RULE}}]`],
    ['files of rules and tests', `${BASE}acl_files: ["acl/*.yml"]\nacl_tests: ["t/*.yml"]\nacl_shadow: next.yml`],
    ['users', `${BASE}users: {alice: {password: x, labels: {team: [web, 7]}}, "": {}, bob: }`],
    ['sections that hold nothing', `${BASE}users:\nacl:\nregistry:\n`],
    [
      'booleans as people write them',
      `server: {addr: ":1", hsts: yes}\ntoken: {issuer: us, expiration: 0x384, x5c: TRUE}`,
    ],
    ['one address of a directory', `${BASE}ldap_auth: {addr: "ldap.example.com:389", filter: "(uid=\${account})"}`],
    ['several', `${BASE}ldap_auth: {addr: [a, b], filter: x, timeouts: {bind: 5s}}`],
    ['durations', `${BASE}credential_cache: {ttl: 1h30m}\nplugin_authn: {module: x.mjs, timeout: 5000000000}`],
    [
      'a literal that is a number to YAML',
      `${BASE}registry: {version: 0.1, http: {addr: ":5000"},
      storage: {filesystem: {rootdirectory: d}}, auth: {token: {service: s, issuer: us, jwks: f}}}`,
    ],
    ['an address in capitals', `${BASE}mongo_auth: {dial_info: {addrs: ['[FE80::1]'], database: d}, collection: c}`],
  ])('%s is one', (_what, text) => expect(underlined('config', text)).toEqual([]))

  test.each([
    ['a typo in a section', `server: {adr: ":1"}\n${TOKEN}`],
    ['a typo in the name of a section', `${BASE}user: {}`],
    ['no token section', 'server: {addr: ":1"}'],
    ['a wrong choice', `${BASE}on_error: ignore`],
    ['a wrong algorithm', 'server: {addr: ":1"}\ntoken: {issuer: us, expiration: 900, algorithm: HS256}'],
    ['no number', 'server: {addr: ":1"}\ntoken: {issuer: us, expiration: soon}'],
    ['no duration', `${BASE}credential_cache: {ttl: 5 minutes}`],
    ['neither true nor false', `server: {addr: ":1", hsts: maybe}\n${TOKEN}`],
    ['labels that are no lists', `${BASE}users: {alice: {labels: {team: web}}}`],
    ['a typo in a user', `${BASE}users: {alice: {pasword: x}}`],
    ['a typo in a rule', `${BASE}acl: [{match: {acount: alice}, actions: []}]`],
    ['a typo deep in a provider', `${BASE}github_auth: {client_id: x, redis_token_db: {redis_options: {adr: x}}}`],
    ['what is refused by name', `server: {addr: ":1", letsencrypt: {email: a}}\n${TOKEN}`],
    ['a Go plugin', `${BASE}plugin_authz: {plugin_path: x.so}`],
    ['a provider without its id', `${BASE}github_auth: {client_secret: x}`],
  ])('%s is underlined', (_what, text) => expect(underlined('config', text)).not.toEqual([]))

  const folder = useFolder()

  test('has every section that is read, and no other', async () => {
    const file = await folder.write('config.yml', 'nothing_like_any_other_section: {}')
    const error: unknown = await loadConfig(file, createFileSet()).catch((thrown: unknown) => thrown)
    const known = /known keys are (.*)/.exec((error as ConfigError).message)?.[1]?.split(', ') ?? []
    const { properties = {} } = await jsonSchemas.config()
    const sections = Object.keys(properties)
    const refused = known.filter((name) => !sections.includes(name))
    expect(sections.filter((name) => !known.includes(name))).toEqual([])
    for (const name of refused) {
      const bad = await folder.write('config.yml', `${name}: {}`)
      await expect(loadConfig(bad, createFileSet())).rejects.toThrow(`${name}: not supported yet`)
    }
  })
})

describe('a scalar that is read as text fits wherever its text can be read', () => {
  const texts = [
    ...['true', 'True', 'NO', 'y', 'off', 'maybe', '', '1', '-1', '+7', '0x18', '0XFF', '0b11', '030', '0o30', '1_000'],
    ...['1.5', '08', 'x', '10s', '1h30m', '-1.5h', '.5s', '300ms', '5µs', '0', '5 minutes', '1e3', 's', '5'],
  ]

  test.each([
    ['a boolean', bool],
    ['a whole number', int],
    ['a duration', duration],
  ])('%s', (_what, schema) => {
    const fits = ajv.compile(toJsonSchema(schema, '', () => undefined))
    const read = texts.filter((text) => schema.safeParse(text).success)
    expect(texts.filter((text) => fits(text) === true)).toEqual(read)
    expect(read.filter((text) => fits(load(text)) !== true)).toEqual([])
  })
})
