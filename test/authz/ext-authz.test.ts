// External programs and services as authorizers: docker_auth's way, our JSON, and everything that can go wrong between.
import { afterEach, describe, expect, test } from '@jest/globals'
import { chmod, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extAuthz } from '../../src/authz/ext-authz.ts'
import { createAuthorizer } from '../../src/authz/index.ts'
import type { Authorizer } from '../../src/authz/index.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authzTools } from '../support/authz-tools.ts'
import { useFolder } from '../support/folder.ts'
import { authorizerConformance } from './conformance.ts'
import { request } from './request.ts'

const folder = useFolder()
const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** The section as the configuration reads it, and what is said about it. */
async function read(section: string) {
  const document = parseYaml(section, 'f')
  const findings: Findings = { problems: [], warnings: [] }
  const plan = await extAuthz.read(document.value, {
    files: createFileSet(),
    report: createReport('f', document, findings),
  })
  return { plan, problems: findings.problems.map(({ path, message }) => `${path ?? ''}: ${message}`) }
}

async function open(section: string): Promise<Authorizer> {
  const { plan, problems } = await read(section)
  expect(problems).toEqual([])
  const authorizer = await plan!.open(authzTools())
  closers.push(() => authorizer.close?.())
  return authorizer
}

async function script(text: string): Promise<string> {
  const file = await folder.write('program.sh', `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o755)
  return file
}

interface Question {
  readonly Account: string
  readonly Name: string
  readonly Actions: readonly string[]
}

/** A service that answers so. */
async function service(answer: (question: Question) => unknown): Promise<string> {
  const server = createServer((message, response) => {
    void message
      .setEncoding('utf8')
      .toArray()
      .then((chunks) => response.end(JSON.stringify(answer(JSON.parse(chunks.join('') || '{}') as Question))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** What is decided about a request for pull and push; an outage is a value here. */
function decide(authorizer: Authorizer, asked: Parameters<typeof request>[0] = {}): Promise<unknown> {
  return authorizer.authorize(request({ actions: ['pull', 'push'], ...asked })).catch((error: unknown) => error)
}

const decided = (...actions: string[]): unknown => ({ outcome: 'decided', actions })
const ALL = decided('pull', 'push')
const OUTAGE = expect.any(BackendError)

/** One whose program cannot be run any more. */
async function brokenProgram(mode: string): Promise<Authorizer> {
  const program = await script('exit 0')
  const authorizer = await open(`{mode: ${mode}, command: ${program}}`)
  await chmod(program, 0o644)
  return authorizer
}

authorizerConformance(
  'external program',
  async () => {
    const file = await script(`
      read -r asked
      case $asked in
        *'"Account":"root"'*) exit 0;;
        *'"Account":"alice"'*'"Name":"alice/'*) ;;
        *) exit 1;;
      esac
      case $asked in *'"pull"'*) pull='"pull"';; esac
      case $asked in *'"push"'*) push='"push"';; esac
      echo "{\\"actions\\": [$pull\${pull:+\${push:+,}}$push]}"`)
    return open(`{command: ${file}}`)
  },
  { neverPasses: true, makeBroken: () => brokenProgram('once') },
)

authorizerConformance(
  'external program that stays',
  async () => {
    const file = await folder.write(
      'rules.mjs',
      `import { createInterface } from 'node:readline'
       for await (const line of createInterface({ input: process.stdin })) {
         const { id, Account, Name, Actions } = JSON.parse(line)
         const allowed = { root: Actions, alice: Name.startsWith('alice/') ? ['pull', 'push'] : undefined, banned: [] }[Account]
         const actions = allowed && Actions.filter((action) => allowed.includes(action))
         console.log(JSON.stringify(actions === undefined ? { id, result: 'no_match' } : { id, result: 'allow', actions }))
       }`,
    )
    return open(`{mode: persistent, command: ${process.execPath}, args: [${file}]}`)
  },
  { makeBroken: () => brokenProgram('persistent') },
)

authorizerConformance(
  'external service',
  async () =>
    open(
      `{url: "${await service(({ Account, Name, Actions }) => {
        if (Account === 'root') return { result: 'allow' }
        if (Account === 'banned') return { result: 'deny' }
        if (Account !== 'alice' || !Name.startsWith('alice/')) return { result: 'no_match' }
        return { result: 'allow', actions: Actions.filter((one) => ['pull', 'push'].includes(one)) }
      })}"}`,
    ),
  { makeBroken: () => open(`{url: "unix:${folder.path('nobody.sock')}"}`) },
)

describe('docker_auth’s way', () => {
  test('the program reads docker_auth’s object, in its order, and nothing else', async () => {
    const backend = await open(`{command: ${await script(`cat > ${folder.path('seen')}`)}}`)
    expect(await decide(backend, { labels: { team: ['web', 'ops/*'] }, name: 'lib/$(id) "ü\u2028' })).toEqual(ALL)
    expect(await readFile(folder.path('seen'), 'utf8')).toBe(
      '{"Account":"alice","Type":"repository","Name":"lib/$(id) \\"\\u00fc\\u2028","Service":"registry","IP":"192.0.2.1",' +
        '"Actions":["pull","push"],"Labels":{"team":["web","ops/*"]}}\n',
    )
  })

  test('without labels, an address or actions there is still every key', async () => {
    const backend = await open(`{command: ${await script(`cat > ${folder.path('seen')}`)}}`)
    await decide(backend, { account: '', labels: {}, ip: '', service: '', actions: [] })
    expect(await readFile(folder.path('seen'), 'utf8')).toBe(
      '{"Account":"","Type":"repository","Name":"library/app","Service":"","IP":"","Actions":[],"Labels":null}\n',
    )
  })

  test.each([
    ['exit 0', ALL],
    ['exit 1', decided()],
    ['exit 2', OUTAGE],
    ['exit 3', OUTAGE],
    ['exit 255', OUTAGE],
    ['kill -9 $$', OUTAGE],
    ['exec yes', OUTAGE],
    ['echo allowed', ALL],
    ['echo {}', ALL],
    ['echo []', ALL],
    ['echo null', ALL],
    ['cat', ALL],
    ['echo "{"', ALL],
    [`echo '{"actions": ["pull"]}'; exit 1`, decided()],
    [`echo '{"actions": ["pull"], "more": 1}'`, decided('pull')],
    [`echo '{"actions": []}'`, decided()],
    [`echo '{"actions": ["push", "pull", "delete", "*"]}'`, decided('push', 'pull', 'delete', '*')],
  ])('%s', async (text, expected) => {
    expect(await decide(await open(`{command: ${await script(text)}}`))).toEqual(expected)
  })

  test.each([
    `echo '{"Actions": ["pull"]}'`,
    `echo "{'actions': ['pull']}"`,
    `echo '{"result": "deny"}'`,
    `echo '{"result": "no_match", "actions": ["pull"]}'`,
    `echo '{"actions": "pull"}'`,
    `echo '{"actions": ["pull", 1]}'`,
    `echo '{"actions": null}'`,
    `echo '{"actions": {"pull": true}}'`,
    `echo '{"actions": ["pull"]'`,
    `echo '{"actions": ["pull"]}'; echo '{}'`,
    `echo 'looking it up'; echo '{"actions": ["pull"]}'`,
    `echo '[{"actions": ["pull"]}]'`,
  ])('%s means a part, but not which: it is an outage', async (text) => {
    expect(await decide(await open(`{command: ${await script(text)}}`))).toEqual(OUTAGE)
  })

  test('a program that hangs is ended, and asked no more than it may be at once', async () => {
    const backend = await open(`{command: ${await script('sleep 600')}, timeout: 200ms, max_concurrent: 2}`)
    const answers = await Promise.all(Array.from({ length: 4 }, () => decide(backend)))
    expect(answers).toEqual(answers.map(() => OUTAGE))
  })

  test('it grants no more than was asked, whatever it says', async () => {
    const backend = await open(`{command: ${await script(`echo '{"actions": ["pull", "push", "*"]}'`)}}`)
    expect(await createAuthorizer([backend])(request({ actions: ['pull'] }))).toEqual({ actions: ['pull'] })
  })
})

describe('an answer in JSON', () => {
  test.each<[unknown, unknown]>([
    [{ result: 'allow' }, ALL],
    [{ result: 'allow', actions: null }, ALL],
    [{ result: 'allow', actions: ['push'], more: 1 }, decided('push')],
    [{ result: 'allow', actions: [] }, decided()],
    [{ result: 'deny', actions: ['pull'] }, decided()],
    [{ result: 'no_match' }, { outcome: 'no-match' }],
    [{ result: 'error' }, OUTAGE],
    [{ result: 'ALLOW' }, OUTAGE],
    [{ result: 'wrong_password' }, OUTAGE],
    [{ result: true }, OUTAGE],
    [{ result: 'allow', actions: 'pull' }, OUTAGE],
    [{ result: 'deny', actions: [1] }, OUTAGE],
    [{ result: 'allow', Actions: ['pull'] }, OUTAGE],
    [{ result: 'allow', action: 'pull' }, OUTAGE],
    [{ actions: ['pull'] }, OUTAGE],
    [{}, OUTAGE],
    [[], OUTAGE],
    [null, OUTAGE],
  ])('%j', async (answer, expected) => {
    expect(await decide(await open(`{url: "${await service(() => answer)}"}`))).toEqual(expected)
  })

  test('is to the question that a program reads', async () => {
    const seen: unknown[] = []
    await decide(await open(`{url: "${await service((question) => (seen.push(question), { result: 'deny' }))}"}`))
    expect(seen).toEqual([
      {
        Account: 'alice',
        Type: 'repository',
        Name: 'library/app',
        Service: 'registry',
        IP: '192.0.2.1',
        Actions: ['pull', 'push'],
        Labels: null,
      },
    ])
  })
})

describe('the programs of the example', () => {
  const EXAMPLES = `${import.meta.dirname}/../../examples/ext_authz`
  const web = { team: ['web'] }

  test.each([
    [{ labels: web, name: 'web/app' }, ALL, ALL],
    [{ labels: web, name: 'ops/app' }, decided('pull'), decided('pull')],
    [{ labels: {}, name: 'web/app' }, decided('pull'), decided('pull')],
    [{ account: '', name: 'web/app' }, decided(), { outcome: 'no-match' }],
    [{ type: 'registry', name: 'catalog', actions: ['*'] }, decided(), { outcome: 'no-match' }],
  ])('%j', async (asked, once, persistent) => {
    expect(await decide(await open(`{command: ${EXAMPLES}/check.mjs}`), asked)).toEqual(once)
    expect(
      await decide(
        await open(`{mode: persistent, command: ${process.execPath}, args: [${EXAMPLES}/persistent.mjs]}`),
        asked,
      ),
    ).toEqual(persistent)
  })
})

describe('the section', () => {
  test('of docker_auth is enough', async () => {
    const { plan, problems } = await read(`{command: sh, args: [-c, "exit 0", 24]}`)
    expect({ section: plan?.section, problems }).toEqual({ section: 'ext_authz', problems: [] })
  })

  test.each([
    ['{}', ': needs a command or a url'],
    ['{command: sh, url: "https://example.com"}', 'url: stands beside a command: only one of them can be asked'],
    ['{command: /nonexistent/program}', 'command: /nonexistent/program does not exist'],
    ['{command: sh, mode: sometimes}', 'mode: must be once or persistent'],
    [
      '{command: sh, format: json}',
      'format: unknown key "format"; known keys are command, args, mode, url, timeout, max_concurrent',
    ],
  ])('%s: %s', async (section, expected) => {
    expect((await read(section)).problems).toEqual([expected])
  })
})
