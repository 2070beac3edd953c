// ext_authz and casbin_authz under us and under the reference for docker_auth: the same questions to the program, the same tokens.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { cleanUp } from './children.ts'
import { LABELS } from './docker-auth-lists.ts'
import type { TokenRequest } from './docker-auth-lists.ts'
import { type Pair, REFERENCE, compare, countGranted, differing, grantedBy, startPair } from './docker-auth.ts'
import { SLOW, requires } from './requires.ts'

const request = (account: string, ...scopes: string[]): TokenRequest => ({
  account,
  service: 'registry',
  from: '127.0.0.1',
  scopes,
})

requires(REFERENCE, SLOW)('a configuration of docker_auth with rules elsewhere', () => {
  let pair: Pair | undefined
  afterEach(async () => {
    await pair?.stop()
    pair = undefined
  })
  afterAll(cleanUp)

  test('asks a program of ext_authz the same questions, field by field, and hears the same from its exit status', async () => {
    const script = `#!/bin/sh
question=$(cat)
printf '%s\\n' "$question" >>"$1"
case $question in
*'"Name":"dev/'*) exit 0 ;;
*'"Name":"broken/'*) exit 3 ;;
esac
exit 1
`
    let asked = ''
    pair = await startPair((folder) => {
      asked = join(folder, 'asked')
      writeFileSync(join(folder, 'program'), script)
      chmodSync(join(folder, 'program'), 0o755)
      const acl = [{ match: { account: 'dev', name: 'a/*' }, actions: ['pull'] }]
      return { acl, ext_authz: { command: join(folder, 'program'), args: [asked] } }
    })
    // The order of the fields counts, the spelling of a letter does not: ours is all ASCII.
    const questions = (): unknown[] => {
      const lines = existsSync(asked) ? readFileSync(asked, 'utf8').split('\n').slice(0, -1) : []
      rmSync(asked, { force: true })
      return lines.map((line) => JSON.parse(line) as object).map((question) => [Object.keys(question), question])
    }
    const requests = [...Object.keys(LABELS), 'nobody'].flatMap((account) => [
      request(account, 'repository:dev/app:push,pull', 'repository:web/app:pull', 'repository:a/b:pull,delete'),
      { ...request(account, 'registry:catalog:*', 'repository:localhost:5000/é:pull'), from: '127.0.9.1' },
      request(account, 'repository:web/app:pull', 'repository:broken/app:pull'),
      request(account),
    ])
    let total = 0
    for (const one of requests) {
      const { ours, theirs } = await pair.ask(one)
      const both = questions()
      total += both.length
      expect(grantedBy(ours)).toEqual(grantedBy(theirs))
      expect(both.slice(0, both.length / 2)).toEqual(both.slice(both.length / 2))
    }
    expect(total).toBe(14 * Object.keys(LABELS).length - 2)
    const { theirs } = await pair.ask(request('alice', 'repository:dev/app:push,pull', 'repository:web/app:pull'))
    expect(grantedBy(theirs)).toEqual([
      ['repository', 'dev/app', ['pull', 'push']],
      ['repository', 'web/app', []],
    ])
  }, 60_000)

  test('decides the same by a model and a policy of casbin', async () => {
    const model = `[request_definition]
r = account, type, name, service, ip, action, labels
[policy_definition]
p = account, type, name, service, ip, action, labels
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = (g(r.account, p.account) || p.account == "*") && (p.type == r.type || p.type == "*") && \\
  (keyMatch(r.name, p.name) || regexMatch(r.name, p.name)) && (p.service == "*" || r.service == p.service) && \\
  ipMatch(r.ip, p.ip) && (r.action == p.action || p.action == "*") && labelMatch(r.labels, p.labels)
`
    const policy = `p, alice, repository, alice/*, *, 0.0.0.0/0, *, {}
p, maintainers, repository, web/*, registry, 127.0.0.0/24, push, {}
p, *, repository, ^[a-z]+/public$, *, 127.0.0.1, pull, {}
p, *, repository, team/*, *, 127.0.0.0/8, pull, "{""team"": [""web""]}"
p, *, repository, both/*, *, 127.0.0.0/8, pull, "{""team"": [""web"", ""a-b""], ""role"": [""dev""]}"
p, admins, *, .*, *, 127.0.0.1, *, {}
g, bots, maintainers
g, ci-1, bots
g, é, admins
`
    pair = await startPair((folder) => {
      writeFileSync(join(folder, 'model.conf'), model)
      writeFileSync(join(folder, 'policy.csv'), policy)
      return { casbin_authz: { model_path: join(folder, 'model.conf'), policy_path: join(folder, 'policy.csv') } }
    })
    const names = [
      'alice/app',
      'alice',
      'web/app',
      'web/public',
      'team/app',
      'both/app',
      'x1/public',
      'localhost:5000/a',
    ]
    const scopes = [...names.map((name) => `repository:${name}:delete,pull,push`), 'registry:catalog:*']
    const requests = Object.keys(LABELS).flatMap((account) =>
      ['127.0.0.1', '127.0.0.9', '127.0.1.1'].flatMap((from) =>
        ['registry', 'other'].map((service) => ({ account, service, from, scopes })),
      ),
    )
    const compared = await compare(pair, requests)
    expect(differing(compared)).toEqual([])
    expect(countGranted(compared)).toBeGreaterThan(50)
  }, 60_000)
})
