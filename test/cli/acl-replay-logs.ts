// Logs and lists for the tests of replay.
import { compileAcl } from '../../src/authz/index.ts'
import type { AclEntryConfig, AclList } from '../../src/authz/index.ts'
import type { Labels } from '../../src/protocol/identity.ts'

/** A rule; without `match`, for everything. */
export interface Entry {
  readonly id?: string
  readonly match?: AclEntryConfig['match'] | undefined
  readonly actions: readonly string[]
}

/** A list of these rules, at new.yml:1 and so on where they have no id. */
export function listOf(...entries: Entry[]): AclList {
  const rules = entries.map(({ match = {}, actions, id }, index) => {
    const position = `new.yml:${index + 1}`
    const entry: AclEntryConfig = { match, actions: [...actions], ...(id === undefined ? {} : { id }) }
    return {
      entry,
      name: id ?? position,
      position,
      syntax: 1 as const,
      place: () => ({ file: 'new.yml', line: index + 1, column: 1 }),
    }
  })
  const { acl, problems } = compileAcl(rules)
  if (acl === undefined) throw new Error(JSON.stringify(problems))
  return { rules, acl, tests: [], setting: undefined }
}

/** A token line of our own. */
export function ownLine(fields: Readonly<Record<string, unknown>> = {}): string {
  const asked = fields['asked'] ?? 'repository:web/app:pull,push'
  return JSON.stringify({
    level: 'info',
    time: '2026-11-22T03:04:05.678Z',
    account: 'alice',
    service: 'registry.example.com',
    asked,
    granted: asked,
    rules: 'old-rule',
    outcome: 'granted',
    ip: '192.0.2.1',
    ms: 1.234,
    ...fields,
    msg: 'token',
  })
}

/** What docker_auth prints of a scope, and grants. */
export interface DockerAuthScope {
  readonly asked: string
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** A token line of docker_auth's, as its newest versions write it. */
export function dockerAuthLine(parts: {
  readonly account?: string
  readonly user?: string
  readonly address?: string
  readonly scopes?: readonly DockerAuthScope[]
  readonly labels?: string
  readonly claims?: Readonly<Record<string, unknown>>
}): string {
  const { account = 'alice', address = '192.0.2.1:51234', scopes = [], labels = ' map[]' } = parts
  const user = parts.user ?? `${account}:${account === '' ? '' : '***'}`
  const access = scopes.map(({ type, name, actions }) => ({ type, name, actions }))
  const claims = {
    iss: 'Auth Service',
    sub: account,
    aud: 'registry.example.com',
    exp: 1795317845,
    nbf: 1795316935,
    iat: 1795316945,
    jti: '4839208301',
    access,
    ...parts.claims,
  }
  const asked = scopes.map((scope) => scope.asked).join(' ')
  return `I1122 03:09:05.678901       1 server.go:415] New token for {${user}@${address} [${asked}]}${labels}: ${JSON.stringify(claims)}`
}

/** The labels of a line, for docker_auth's `%+v`. */
export function goMap(labels: Labels): string {
  const entries = Object.keys(labels).sort()
  return ` map[${entries.map((name) => `${name}:[${(labels[name] ?? []).join(' ')}]`).join(' ')}]`
}
