// A list of 100,000 rules: started with, replaced and refused under steady load, and explained.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { acl, configOf, linesSaying } from './acl-commands.ts'
import { accessOf, ask, basic, tokenPath } from './asking.ts'
import { cleanUp } from './children.ts'
import { type Draft, admin, createDraft } from './draft.ts'
import { SLOW, requires } from './requires.ts'
import { type Server, startServer } from './server.ts'

const RULES = 100_000
const MANY_MS = 600_000
/** Enough to read one list while another is served: a server that kept each list it ever had would run out of it at the fourth. */
const HEAP_MIB = 700

const ruleOf = (index: number): string =>
  `  - { id: rule-${index}, match: { account: user-${index}, name: 'team-${index}/*', labels: { team: 't${index}' } }, actions: [pull, push] }\n`

/** A version of the list, as the action it grants. */
const wordOf = (version: number): string => String.fromCharCode('a'.charCodeAt(0) + version)

/** The list, some 12 MiB, whose first rule says which version it is; `change` replaces single rules. */
const listOf = (version: number, change: Readonly<Record<number, string>> = {}): string => {
  const first = `acl:\n  - { id: version, match: { account: '', name: probe }, actions: [${wordOf(version)}] }\n`
  const rest = Array.from({ length: RULES }, (_, index) => change[index] ?? ruleOf(index))
  return `${first}${rest.join('')}`
}

const words = Array.from({ length: 26 }, (_, version) => wordOf(version))
const probe = tokenPath(`repository:probe:${words.join(',')}`)

requires(SLOW)('a list of 100,000 rules', () => {
  let draft: Draft
  let server: Server
  let version = 0
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })

  beforeAll(async () => {
    draft = await createDraft()
    mkdirSync(draft.at('acl'))
    writeFileSync(draft.at('acl/long.yml'), listOf(version))
    const last = { password: admin.hash, labels: { team: [`t${RULES - 1}`] } }
    const users = { '': {}, [`user-${RULES - 1}`]: last, bob: { password: admin.hash } }
    server = await startServer({
      config: configOf(draft, { users, acl: undefined, acl_files: ['acl/*.yml'] }),
      url: `http://127.0.0.1:${draft.port}`,
      cwd: draft.folder,
      env: { REGISTRY_AUTH_DATA: draft.at('data'), NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
    })
  }, MANY_MS)

  afterAll(async () => {
    agent.destroy()
    await cleanUp()
  })

  const put = (text: string | Uint8Array): void => {
    writeFileSync(draft.at('new'), text)
    renameSync(draft.at('new'), draft.at('acl/long.yml'))
  }

  const versionNow = async (): Promise<string> => {
    const { status, body } = await ask({ port: draft.port, path: probe, agent })
    return status === 200 ? (accessOf(body)[0]?.actions.join() ?? '') : `${status} ${body}`
  }

  const REFUSED = 'reload refused; the previous configuration goes on serving'
  // Counted in the text: to take so long a log apart again and again takes longer than all that is asked.
  const said = (message: string): number => server.child.stdout().split(`"msg":"${message}"`).length - 1

  /** Asks 200 times a second until what `begin` begins has `happened`; answers what was ever heard, each once. */
  const heardWhile = async (begin: () => void, happened: () => boolean): Promise<readonly string[]> => {
    const answers: Promise<string>[] = []
    begin()
    while (answers.length % 50 > 0 || !happened()) {
      if (server.child.status() !== undefined) throw new Error(server.child.output().slice(-3000))
      answers.push(versionNow().catch((error: unknown) => String(error)))
      await sleep(5)
    }
    return [...new Set(await Promise.all(answers))].sort()
  }

  test('is decided by as a short one is: by its first rule, its last, and none', async () => {
    const account = `user-${RULES - 1}`
    const scopes = [`repository:team-${RULES - 1}/x:pull,push`, 'repository:team-0/x:pull']
    const answers = await Promise.all(
      [account, 'bob'].map((name) =>
        ask({ port: draft.port, path: tokenPath(...scopes), headers: basic(name, admin.password) }),
      ),
    )
    expect(answers.map(({ body }) => accessOf(body).map(({ actions }) => actions.join()))).toEqual([
      ['pull,push', ''],
      ['', ''],
    ])
    expect(await versionNow()).toBe('a')
  })

  test(
    'is replaced again and again while each request is answered by the old one or the new, and none is kept',
    async () => {
      for (const next of [1, 2, 3, 4, 5]) {
        const heard = await heardWhile(
          () => put(listOf(next)),
          () => said('reloaded') === next,
        )
        expect([[wordOf(next - 1)], [wordOf(next - 1), wordOf(next)]]).toContainEqual(heard)
        expect(await versionNow()).toBe(wordOf(next))
        version = next
      }
      expect(said(REFUSED)).toBe(0)
    },
    MANY_MS,
  )

  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map(levelOfBomb)].join('\n')

  test.each([
    [
      'with an unknown key in its middle',
      () => listOf(9, { 50_000: '  - { match: { acount: x }, actions: [] }\n' }),
      /^acl\/long\.yml:50003:\d+: .*unknown key "acount"; did you mean "account"\?$/,
    ],
    [
      'cut off in its middle',
      () => listOf(9, { 50_000: '  - { match: { account: x, actions: [] }\n' }),
      /^acl\/long\.yml:5000\d:\d+: /,
    ],
    [
      'with a test at its end that fails',
      () => `${listOf(9)}tests:\n  - { account: '', scope: 'repository:probe:pull', expect: [pull] }\n`,
      /^acl\/long\.yml:100004:5: this test fails: anonymous asks for repository:probe:pull: expected pull, got nothing by rule version$/,
    ],
    [
      'with an id that stands twice',
      () => listOf(9, { 99_999: ruleOf(7) }),
      /^acl\/long\.yml:100002(:\d+)?: .*the id "rule-7" also stands at acl\/long\.yml:10; each rule needs its own$/,
    ],
    ['that is an alias bomb', () => bomb, /^acl\/long\.yml:\d+:\d+: aliases repeat more than \d+ values$/],
    [
      'that is a long alias bomb',
      () => `${bomb}\n#${'x'.repeat(1024 * 1024)}\n`,
      /^acl\/long\.yml:\d+:\d+: aliases repeat more than \d+ values$/,
    ],
    ['of 70 MiB', () => Buffer.alloc(70 * 1024 * 1024, '#\n'), /acl\/long\.yml:? is larger than 64 MiB$/],
  ])(
    'is refused %s, in one sentence, while requests are answered by the old one',
    async (_, text, sentence) => {
      const before = said(REFUSED)
      const wrong = text()
      const heard = await heardWhile(
        () => put(wrong),
        () => said(REFUSED) > before,
      )
      expect(heard).toEqual([wordOf(version)])
      expect(linesSaying(server, REFUSED).at(-1)).toMatchObject({ reasons: [expect.stringMatching(sentence)] })
    },
    MANY_MS,
  )

  test(
    'is explained by the running server, scope by scope, while requests are answered',
    async () => {
      put(listOf(version))
      const scopes = ['a', 'b', 'c'].flatMap((name) => ['--scope', `repository:${name}:pull`])
      let answer: Awaited<ReturnType<typeof acl>> | undefined
      const heard = await heardWhile(
        () => {
          void acl(['explain', '--data', draft.at('data'), '--account', 'bob', ...scopes]).then((it) => (answer = it))
        },
        () => answer !== undefined,
      )
      expect(heard).toEqual([wordOf(version)])
      expect(answer).toMatchObject({ status: 1, stderr: '' })
      expect(answer?.stdout.match(/rules do not match: 100001 for account/g)).toHaveLength(3)
    },
    MANY_MS,
  )
})

function levelOfBomb(name: string): string {
  const before = String.fromCharCode(name.charCodeAt(0) - 1)
  return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`
}
