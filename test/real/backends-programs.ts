// Programs, services and modules that know alice, one of the developers.
import { writeFileSync } from 'node:fs'
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type Backend, writeProgram } from './backends.ts'
import { account, hash, password } from './backends-people.ts'
import type { Draft } from './draft.ts'

const alice = { account, password }

const plain = `#!/bin/sh
read -r account password
[ "$account" = ${account} ] || exit 2
[ "$password" = ${password} ] || exit 1
echo '{"labels": {"team": ["developers"]}}'
`

// One answer in JSON, for programs and services alike.
const judge = `
const judge = ({ account, password }) =>
  account !== '${account}' ? { result: 'no_match' }
  : password !== '${password}' ? { result: 'wrong_password' }
  : { result: 'allow', labels: { team: ['developers'] } }
`

const once = `#!/usr/bin/env node
${judge}
let text = ''
process.stdin.on('data', (chunk) => (text += chunk)).on('end', () => {
  const { result, labels } = judge(JSON.parse(text))
  if (labels) console.log(JSON.stringify({ labels }))
  process.exitCode = { allow: 0, wrong_password: 1, no_match: 2 }[result]
})
`

const persistent = `#!/usr/bin/env node
${judge}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, ...credentials } = JSON.parse(line)
  console.log(JSON.stringify({ id, ...judge(credentials) }))
})
`

const moduleText = `${judge}
const outcomes = { allow: 'accepted', wrong_password: 'rejected', no_match: 'no-match' }
export const authenticator = {
  authenticate(credentials) {
    const { result, labels } = judge(credentials)
    return { outcome: outcomes[result], ...(labels && { labels }) }
  },
}
`

const rulesText = `
export const authorizer = {
  authorize({ identity, resource }) {
    const own = (identity.labels.team ?? []).some((team) => resource.name.startsWith(team + '/'))
    return own ? { outcome: 'decided', actions: ['pull', 'push'], rule: 'module' } : { outcome: 'no-match' }
  },
}
`

/** alice known to a program of each kind. */
export const programs = {
  'a program that is run once for each login': (draft: Draft): Backend => ({
    ...alice,
    sections: { ext_auth: { command: writeProgram(draft, 'check.sh', plain) } },
  }),
  'a program that is asked in JSON': (draft: Draft): Backend => ({
    ...alice,
    sections: { ext_auth: { command: writeProgram(draft, 'check.cjs', once), format: 'json' } },
  }),
  'a program that stays': (draft: Draft): Backend => ({
    ...alice,
    sections: {
      ext_auth: { command: writeProgram(draft, 'stays.cjs', persistent), mode: 'persistent', timeout: '5s' },
    },
  }),
  'a JavaScript module': (draft: Draft): Backend => {
    writeFileSync(draft.at('accounts.mjs'), moduleText)
    return { ...alice, sections: { plugin_authn: { module: './accounts.mjs' } } }
  },
  'users, with rules in a JavaScript module': (draft: Draft): Backend => {
    writeFileSync(draft.at('rules.mjs'), rulesText)
    const users = { [account]: { password: hash, labels: { team: ['developers'] } } }
    return { ...alice, sections: { users, acl: undefined, plugin_authz: { module: './rules.mjs' } } }
  },
} as const

/** A service that runs within the test. */
export interface Service {
  /** Of the socket, or the port. */
  readonly url: string
  readonly stop: () => Promise<void>
}

const answerAlice: RequestListener = (request, response) => {
  void json(request).then(
    (question) => {
      const { account: asked, password: given } = question as { account: string; password: string }
      const known =
        given === password ? { result: 'allow', labels: { team: ['developers'] } } : { result: 'wrong_password' }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(asked === account ? known : { result: 'no_match' }))
    },
    () => response.destroy(),
  )
}

/** Starts a service for `ext_auth` on a port of 127.0.0.1, 0 for any, or on a socket. */
export const startService = async (place: number | string, answer: RequestListener = answerAlice): Promise<Service> => {
  const server = createServer((request, response) => {
    if (request.method === 'POST') answer(request, response)
    else response.end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    if (typeof place === 'string') server.listen(place, resolve)
    else server.listen(place, '127.0.0.1', resolve)
  })
  const url =
    typeof place === 'string' ? `unix:${place}` : `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** alice known to a service at this URL. */
export const inService = (url: string): Backend => ({ ...alice, sections: { ext_auth: { url, timeout: '2s' } } })
