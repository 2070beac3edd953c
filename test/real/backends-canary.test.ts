// registry-auth check of configurations with mistakes beside their secrets: it says where and what, never the secret.
import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from '@jest/globals'
import { WORD, secret, showsIn } from './canary.ts'
import { cleanUp, run } from './children.ts'
import { createDraft } from './draft.ts'
import { mainFile } from './server.ts'

afterAll(cleanUp)

describe('check of a configuration with mistakes beside its secrets', () => {
  const value = secret('value')
  const json = JSON.stringify(value)
  const provider = `client_id: id, level_token_db: {path: level}`

  test.each([
    `github_auth: {client_secret: [${json}], ${provider}}`,
    `github_auth: {client_secret: {a: ${json}}, ${provider}}`,
    `github_auth: {client_secrt: ${json}, ${provider}}`,
    `github_auth: {client_secret: ${json}, client_secret: ${json}, ${provider}}`,
    `github_auth: ${json}`,
    `github_auth:\n  client_secret: *${WORD}-value`,
    `github_auth:\n  client_secret: !${WORD}-value`,
    `github_auth:\n  client_secret: @${WORD}-value`,
    `github_auth:\n  client_secret: %${WORD}-value`,
    `github_auth:\n  client_secret: "${WORD}-value`,
    `github_auth:\n  client_secret: ${WORD}: value`,
    `github_auth:\n  client_secret: "${WORD}\\q"`,
    `users: {alice: {password: ${json}}, bob: ${json}, carol: {pasword: ${json}}, dave: {password: [${json}]}}`,
    `mongo_auth: {uri: ${json}, collection: users}`,
    `mongo_auth: {uri: "mongodb://reader:${WORD}@host", collection: users}`,
    `mongo_auth: {uri: "mongodb://reader:${WORD}@host/db?nothing=known", collection: users}`,
    `mongo_auth: {uri: "mongodb://reader:${WORD}%zz@host/db", collection: users}`,
    `mongo_auth: {uri: "mongodb://reader:${WORD}/@:@host:port/db", collection: users}`,
    `mongo_auth: {dial_info: {addrs: ["reader:${WORD}@host"], database: db}, collection: users}`,
    `mongo_auth: {dial_info: {addrs: [host], database: db, username: u, pasword: ${json}}, collection: users}`,
    `ext_auth: {url: "https://user:${WORD}@host/"}`,
    `ext_auth: {url: "http://example.com/check?key=${WORD}"}`,
    `ext_auth: {url: "ftp://localhost/check?key=${WORD}"}`,
    `github_auth: {client_id: id, client_secret: s, redis_token_db: {redis_options: {addr: "redis://:${WORD}@host:6379"}}}`,
    `github_auth: {client_id: id, client_secret: s, redis_token_db: {redis_options: {password: [${json}]}}}`,
    `ldap_auth: {addr: "ldap://cn=admin:${WORD}@host", filter: "(uid=\${account})"}`,
  ])('%s', async (text) => {
    const draft = await createDraft()
    const { config } = draft
    const whole = Object.entries({ server: config.server, token: config.token, acl: [] })
    const lines = whole.map(([section, content]) => `${section}: ${JSON.stringify(content)}`)
    writeFileSync(draft.at('config.yml'), `${lines.join('\n')}\n${text}\n`)
    const { status, stdout, stderr } = await run(process.execPath, [mainFile, 'check', draft.at('config.yml')], {
      cwd: draft.folder,
    })
    // Where the mistake is, or that there is none.
    expect(stdout).toMatch(/config\.yml(?::[4-6]:\d+)?: /)
    expect(showsIn(stdout + stderr)).toEqual([])
    expect(stderr).toBe('')
    expect([0, 1]).toContain(status)
  })
})
