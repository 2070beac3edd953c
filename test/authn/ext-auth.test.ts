// External programs and services as authenticators: docker_auth's way, our JSON, and everything that can go wrong between.
import { afterEach, describe, expect, test } from '@jest/globals'
import { chmod, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { extAuth } from '../../src/authn/ext-auth.ts'
import type { AuthnTools, Authentication, Authenticator } from '../../src/authn/index.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authnTools } from '../support/authn-tools.ts'
import { useFolder } from '../support/folder.ts'
import { authenticatorConformance } from './conformance.ts'

const folder = useFolder()
const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

/** The section as the configuration reads it, and what is said about it. */
async function read(section: string) {
  const document = parseYaml(section, 'f')
  const findings: Findings = { problems: [], warnings: [] }
  const plan = await extAuth.read(document.value, {
    files: createFileSet(),
    report: createReport('f', document, findings),
  })
  return { plan, problems: findings.problems.map(({ path, message }) => `${path ?? ''}: ${message}`) }
}

async function open(section: string, tools: Partial<AuthnTools> = {}): Promise<Authenticator> {
  const { plan, problems } = await read(section)
  expect(problems).toEqual([])
  const authenticator = await plan!.open(authnTools(tools))
  closers.push(() => authenticator.close?.())
  return authenticator
}

async function script(text: string): Promise<string> {
  const file = await folder.write('program.sh', `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o755)
  return file
}

function login(backend: Authenticator, account: string, password: string, signal?: AbortSignal): Promise<unknown> {
  return backend.authenticate({ account, password: new Secret(password) }, signal).catch((error: unknown) => error)
}

const accepted = (account: string, labels: Record<string, string[]> = {}): Authentication => ({
  outcome: 'accepted',
  identity: { account, labels, labelsArePatterns: true },
})
const REFUSED = { outcome: 'rejected', reason: 'refused' }
const WRONG = { outcome: 'rejected', reason: 'wrong-password' }
const NO_MATCH = { outcome: 'no-match' }

const EXAMPLES = `${import.meta.dirname}/../../examples/ext_auth`
const alice = { account: 'alice', password: 'wonderland', labels: { team: ['web'] } }

/** A service that knows alice, and answers everything else with what `answer` says. */
async function service(answer: (account: string, password: string) => object): Promise<string> {
  const server = createServer((request, response) => {
    void request
      .setEncoding('utf8')
      .toArray()
      .then((chunks) => {
        const { account, password } = JSON.parse(chunks.join('') || '{}') as { account: string; password: string }
        response.end(JSON.stringify(answer(account, password)))
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

authenticatorConformance('a program that stays', { labelsArePatterns: true }, async () => ({
  authenticator: await open(
    `{mode: persistent, command: ${process.execPath}, args: [${EXAMPLES}/persistent.mjs, ${EXAMPLES}/accounts.txt]}`,
  ),
  known: alice,
  broken: await open(`{mode: persistent, command: ${await script('exit 0')}}`),
}))

authenticatorConformance('a service', { labelsArePatterns: true }, async () => ({
  authenticator: await open(
    `{url: "${await service((account, password) => {
      if (account !== alice.account) return { result: 'no_match' }
      return password === alice.password ? { result: 'allow', labels: alice.labels } : { result: 'wrong_password' }
    })}"}`,
  ),
  known: alice,
  broken: await open(`{url: "unix:${folder.path('nobody.sock')}"}`),
}))

describe('docker_auth’s way', () => {
  test.each([
    ['alice', 'wonderland', accepted('alice', { team: ['web'] })],
    ['bob', 'builder', accepted('bob', { team: ['ops'] })],
    ['alice', 'wrong', REFUSED],
    ['alice', '', REFUSED],
    ['mallory', 'x', NO_MATCH],
    ['', '', NO_MATCH],
  ])('the example’s script, which reads two words, answers "%s" with "%s"', async (account, password, expected) => {
    const backend = await open(`{command: ${EXAMPLES}/check.sh, args: [${EXAMPLES}/accounts.txt]}`)
    expect(await login(backend, account, password)).toEqual(expected)
  })

  test('the program reads the account, one blank, the password, and no line break', async () => {
    const backend = await open(`{command: ${await script(`cat > ${folder.path('seen')}`)}}`)
    await login(backend, 'alice@example.com', 'a b  c\t$(id) ü')
    expect(await readFile(folder.path('seen'), 'utf8')).toBe('alice@example.com a b  c\t$(id) ü')
    await login(backend, '', '')
    expect(await readFile(folder.path('seen'), 'utf8')).toBe(' ')
  })

  test.each([
    ['exit 0', accepted('alice')],
    ['exit 1', REFUSED],
    ['exit 2', NO_MATCH],
    ['echo; exit 0', accepted('alice')],
    ['echo null', accepted('alice')],
    ['echo "{}"', accepted('alice')],
    [`echo '{"labels": null}'`, accepted('alice')],
    [
      `echo '{"labels": {"a": ["x", "y"], "b": [], "c": null}, "more": 1}'`,
      accepted('alice', { a: ['x', 'y'], b: [], c: [] }),
    ],
    ['echo nonsense; exit 1', REFUSED],
    ['echo nonsense; exit 2', NO_MATCH],
  ])('%s', async (text, expected) => {
    expect(await login(await open(`{command: ${await script(text)}}`), 'alice', 'x')).toEqual(expected)
  })

  test.each([
    'exit 3',
    'exit 255',
    'kill -9 $$',
    'echo nonsense',
    'echo []',
    'echo 1',
    `echo '{"labels": []}'`,
    `echo '{"labels": {"a": "x"}}'`,
    `echo '{"labels": {"a": [1]}}'`,
    `echo '{"labels": {"__proto__": ["x"]}}'`,
    `echo '{"labels": {}} {}'`,
    'exec yes',
  ])('%s is an outage', async (text) => {
    expect(await login(await open(`{command: ${await script(text)}}`), 'alice', 'x')).toBeInstanceOf(BackendError)
  })

  test.each([
    ['a b', 'c'],
    [' a', 'c'],
    ['a\n', 'c'],
    ['a\tb', 'c'],
    ['a\0', 'c'],
    ['a\u0085b', 'c'],
    ['a\u00a0b', 'c'],
    ['a', 'c\nd'],
    ['a', 'c\r'],
    ['a', 'c\0d'],
  ])('%j with %j could be read as something else: it is refused, and nothing is run', async (account, password) => {
    const backend = await open(`{command: ${await script(`touch ${folder.path('ran')}`)}}`)
    expect(await login(backend, account, password)).toEqual(REFUSED)
    await expect(readFile(folder.path('ran'))).rejects.toThrow('ENOENT')
  })
})

test('with format: json the program reads one object on one line, whatever is in it', async () => {
  const backend = await open(`{format: json, command: ${await script(`cat > ${folder.path('seen')}; exit 2`)}}`)
  for (const [account, password] of [
    ['a b\n', 'c\0d\u2028'],
    ['', ''],
  ] as const) {
    expect(await login(backend, account, password)).toEqual(NO_MATCH)
    const seen = await readFile(folder.path('seen'), 'utf8')
    expect(seen).toMatch(/^[ -~]+\n$/)
    expect(JSON.parse(seen)).toEqual({ account, password })
  }
})

describe('an answer in JSON', () => {
  test.each<[object, unknown]>([
    [{ result: 'allow' }, accepted('alice')],
    [{ result: 'allow', labels: { a: ['x'] }, more: 1 }, accepted('alice', { a: ['x'] })],
    [{ result: 'deny', labels: { a: ['x'] } }, REFUSED],
    [{ result: 'wrong_password' }, WRONG],
    [{ result: 'no_match' }, NO_MATCH],
  ])('%j', async (answer, expected) => {
    expect(await login(await open(`{url: "${await service(() => answer)}"}`), 'alice', 'x')).toEqual(expected)
  })

  test.each([
    { result: 'error' },
    { result: 'ALLOW' },
    { result: true },
    {},
    [],
    { result: 'allow', labels: { a: 'x' } },
    { result: 'allow', labels: ['x'] },
  ])('%j is an outage', async (answer) => {
    expect(await login(await open(`{url: "${await service(() => answer)}"}`), 'alice', 'x')).toBeInstanceOf(
      BackendError,
    )
  })
})

describe('many logins at once', () => {
  test('run few programs at a time, and everybody is answered', async () => {
    const backend = await open(
      `{max_concurrent: 3, command: ${await script(`
        mkdir "${folder.path('slot')}.$$"; ls -d ${folder.path('slot')}.* | wc -l >> ${folder.path('counts')}
        sleep 0.02; rmdir "${folder.path('slot')}.$$"; read -r account password; [ "$account" = "$password" ]`)}}`,
    )
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => login(backend, `user${n}`, n % 2 === 0 ? `user${n}` : 'wrong')),
    )
    expect(answers).toEqual(answers.map((_, n) => (n % 2 === 0 ? accepted(`user${n}`) : REFUSED)))
    const counts = (await readFile(folder.path('counts'), 'utf8')).trim().split('\n').map(Number)
    expect(counts).toHaveLength(100)
    expect(Math.max(...counts)).toBeLessThanOrEqual(3)
  })

  test('beyond a bounded queue are told to come back: busy is never a refusal', async () => {
    const backend = await open(`{max_concurrent: 2, command: ${await script('sleep 0.01')}}`)
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => login(backend, `user${n}`, 'x')))
    const busy = answers.filter((answer) => answer instanceof BackendError)
    expect(busy).toHaveLength(98)
    expect(busy.every(({ retryAfter }) => retryAfter === 1)).toBe(true)
    expect(answers.filter((answer) => !(answer instanceof BackendError))).toHaveLength(102)
  })

  test('do not wait for ever behind programs that hang', async () => {
    const backend = await open(`{max_concurrent: 1, timeout: 300ms, command: ${await script('sleep 600')}}`)
    const answers = await Promise.all([1, 2, 3, 4].map((n) => login(backend, `user${n}`, 'x')))
    expect(answers.every((answer) => answer instanceof BackendError)).toBe(true)
  })

  test('that went away are not answered, and what is left of their turn is kept', async () => {
    const gone = new AbortController()
    const file = folder.path('asked')
    const talker = await folder.write(
      'talker.mjs',
      `import { appendFileSync } from 'node:fs'; import { createInterface } from 'node:readline'
       createInterface({ input: process.stdin }).on('line', (line) => {
         const { id, account } = JSON.parse(line); appendFileSync(${JSON.stringify(file)}, account + ' ')
         if (account === 'third') console.log(JSON.stringify({ id, result: 'allow' }))
       })`,
    )
    const backend = await open(
      `{mode: persistent, max_concurrent: 1, timeout: 2s, command: ${process.execPath}, args: [${talker}]}`,
    )
    const first = login(backend, 'first', 'x', gone.signal)
    const second = login(backend, 'second', 'x', gone.signal)
    while ((await readFile(file, 'utf8').catch(() => '')) === '') await sleep(5)
    gone.abort()
    expect(await Promise.all([first, second])).toEqual([
      new BackendError('the client went away'),
      new BackendError('the client went away'),
    ])
    await login(backend, 'third', 'x')
    await expect(login(backend, 'third', 'x')).resolves.toEqual(accepted('third'))
    expect(await readFile(file, 'utf8')).toMatch(/^first third /)
  })
})

describe('what was accepted', () => {
  const counting = async (section: string): Promise<{ backend: Authenticator; runs: () => Promise<number> }> => {
    const file = await script(
      `read -r a p; echo >> ${folder.path('runs')}; [ "$p" = right ] && echo '{"labels": {"n": ["1"]}}'`,
    )
    const backend = await open(`{command: ${file}${section}}`)
    return { backend, runs: async () => (await readFile(folder.path('runs'), 'utf8')).length }
  }

  test('is asked every time: a password may be a one-time code', async () => {
    const { backend, runs } = await counting('')
    for (let n = 0; n < 3; n++) expect(await login(backend, 'alice', 'right')).toEqual(accepted('alice', { n: ['1'] }))
    expect(await runs()).toBe(3)
  })

  test('is remembered when the section says so; a refusal never is', async () => {
    const { backend, runs } = await counting(', credential_cache: {ttl: 60s}')
    for (let n = 0; n < 3; n++) expect(await login(backend, 'alice', 'right')).toEqual(accepted('alice', { n: ['1'] }))
    expect(await runs()).toBe(1)
    for (let n = 0; n < 3; n++) expect(await login(backend, 'alice', 'wrong')).toEqual(REFUSED)
    expect(await runs()).toBe(4)
    expect(await login(backend, 'bob', 'right')).toEqual(accepted('bob', { n: ['1'] }))
    expect(await runs()).toBe(5)
  })
})

describe('a check', () => {
  const checking = async (backend: Authenticator): Promise<void> => backend.check!(new AbortController().signal)

  test('finds a program that is still there, and misses one that is not', async () => {
    const file = await script('exit 0')
    const backend = await open(`{command: ${file}}`)
    await expect(checking(backend)).resolves.toBeUndefined()
    await chmod(file, 0o644)
    await expect(checking(backend)).rejects.toBeInstanceOf(BackendError)
  })

  test('finds a service that answers, and misses one that does not', async () => {
    const there = await open(`{url: "${await service(() => ({}))}"}`)
    await expect(checking(there)).resolves.toBeUndefined()
    const missing = await open(`{url: "unix:${folder.path('nobody.sock')}"}`)
    await expect(checking(missing)).rejects.toBeInstanceOf(BackendError)
  })
})

describe('the section', () => {
  test('of docker_auth is enough', async () => {
    const { plan, problems } = await read(`{command: sh, args: [-c, "exit 0", 24]}`)
    expect({ section: plan?.section, problems }).toEqual({ section: 'ext_auth', problems: [] })
  })

  test.each([
    ['{}', ': needs a command or a url'],
    ['{args: [a]}', ': needs a command or a url'],
    ['{command: sh, url: "https://example.com"}', 'url: stands beside a command: only one of them can be asked'],
    ['{url: "https://example.com", args: [a]}', 'args: are for a command, and a url is asked'],
    ['{url: "https://example.com", mode: once}', 'mode: is for a command, and a url is asked'],
    ['{url: "https://example.com", format: json}', 'format: is for a command: a url is always asked in JSON'],
    ['{command: sh, mode: persistent, format: plain}', 'format: must be json with mode: persistent'],
    ['{command: /nonexistent/program}', 'command: /nonexistent/program does not exist'],
    ['{command: sh, mode: sometimes}', 'mode: must be once or persistent'],
    ['{command: sh, format: xml}', 'format: must be plain or json'],
    ['{command: sh, timeout: 0s}', 'timeout: must be between 1ms and 10m, with its unit: 10s'],
    ['{command: sh, timeout: 10}', 'timeout: must be between 1ms and 10m, with its unit: 10s'],
    ['{command: sh, max_concurrent: 0}', 'max_concurrent: must be between 1 and 1000'],
    ['{command: sh, args: "a b"}', 'args: must be a list'],
    ['{command: sh, args: ["a\\0b"]}', 'args[0]: must not hold a NUL character'],
    ['{command: sh, arg: []}', 'arg: unknown key "arg"; did you mean "args"?'],
  ])('%s: %s', async (section, expected) => {
    expect((await read(section)).problems).toEqual([expected])
  })

  test('says what was looked for where', async () => {
    const { problems } = await read('{command: nonesuch-program}')
    expect(problems[0]).toMatch(/^command: "nonesuch-program" is not an executable file in any folder of PATH \(/)
  })

  test('makes the same plan from the same words, and another from others', async () => {
    const keyOf = async (section: string): Promise<string | undefined> => (await read(section)).plan?.key
    expect(await keyOf('{command: sh, args: [a]}')).toBe(await keyOf('{args: [a], command: sh, timeout: 10s}'))
    expect(await keyOf('{command: sh, args: [a]}')).not.toBe(await keyOf('{command: sh, args: [b]}'))
  })
})

test('no password is in any error or log line, whatever goes wrong', async () => {
  const lines: unknown[] = []
  const write = (...line: unknown[]): void => void lines.push(line)
  const log = { info: write, warn: write, error: write }
  const echoing = await script('cat; cat >&2; exit 9')
  const backends = [
    await open(`{command: ${echoing}}`, { log }),
    await open(`{command: ${echoing}, format: json}`, { log }),
    await open(`{command: ${echoing}, mode: persistent}`, { log }),
    await open(`{url: "${await service((_account, password) => ({ result: password }))}"}`, { log }),
  ]
  for (const backend of backends) {
    const error = (await login(backend, 'alice', 'canary')) as Error
    expect(error).toBeInstanceOf(BackendError)
    expect(`${error.message} ${String(error.stack)} ${JSON.stringify([error, error.cause, lines])}`).not.toContain(
      'canary',
    )
  }
})
