// acl explain says how a request is decided, rule by rule, and its status whether everything asked for is granted.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { AuthorizationRequest, Explanation, RuleTrace } from '../../src/authz/index.ts'
import { explain } from '../../src/cli/acl/explain.ts'
import { runAcl } from '../../src/cli/acl/acl.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { printingTools } from './acl-tools.ts'

const ALICE = ['--account', 'alice', '--scope', 'repository:app/web:pull,push']

const no = (rule: string, ...conditions: readonly string[]): RuleTrace => ({
  rule,
  position: `rules.yml:${rule.length}`,
  matched: false,
  failed: conditions.map((condition) => ({ condition, pattern: 'x', value: 'y' })),
  actions: [],
})
const yes = (rule: string, actions: readonly string[]): RuleTrace => ({
  rule,
  position: 'rules.yml:9',
  matched: true,
  failed: [],
  actions,
})

/** What an access list says whose last rule decides, or, without `actions`, none. */
function aclSays(rules: readonly RuleTrace[], actions?: readonly string[]): Explanation {
  const asked = ['pull', 'push']
  const granted = actions ?? []
  const denied = asked.filter((action) => !granted.includes(action))
  const rule = rules.at(-1)?.rule ?? ''
  if (actions === undefined) {
    const answer = { outcome: 'no-match', actions: [] } as const
    return {
      backends: [{ backend: 'acl', answer, trace: { rules, decision: { outcome: 'no-match' } } }],
      granted,
      denied,
    }
  }
  const decision = { outcome: 'decided', actions, rule } as const
  const backends = [{ backend: 'acl', answer: { outcome: 'decided', actions } as const, trace: { rules, decision } }]
  return { backends, granted, denied, decidedBy: { backend: 'acl', rule } }
}

const granting = aclSays([yes('teams', ['pull', 'push'])], ['pull', 'push'])

/** The status and the lines of an explanation. */
async function explained(
  args: readonly string[],
  ...explanations: readonly Explanation[]
): Promise<{ status: number; lines: string[] }> {
  const { tools, out } = printingTools({ explain: () => Promise.resolve([...explanations]) })
  const status = await explain(['config.yml', ...args], tools)
  return { status, lines: out().split('\n').slice(0, -1) }
}

describe('what is printed', () => {
  test('every rule looked at, with what failed, and the one that decided', async () => {
    const failed = [
      { condition: 'account', pattern: 'admin', value: 'alice' },
      { condition: 'name', pattern: '${labels:team}/*', filled: 'web/*', value: 'app/web' },
      { condition: 'service', pattern: '${labels:hub}', filled: '${labels:hub}', value: 'S' },
      { condition: 'labels.group', pattern: 'dev', value: '(no label group)' },
    ]
    const rules = [
      { rule: 'admins', position: 'rules.yml:3', matched: false, failed: failed.slice(0, 1), actions: [] },
      { rule: 'rules.yml:5', position: 'rules.yml:5', matched: false, failed, actions: [] },
      yes('teams', ['pull']),
    ]
    const args = [...ALICE, '--label', 'team=web', '--label', 'team=ops', '--ip', '10.0.0.7', '--service', 'S']
    await expect(explained(args, aclSays(rules, ['pull']))).resolves.toEqual({
      status: 1,
      lines: [
        'alice (team=web, team=ops) from 10.0.0.7 for service S',
        '',
        'asks for repository:app/web:pull,push',
        '  acl grants pull',
        '    rule admins (rules.yml:3): no: account: "admin" does not match "alice"',
        '    rule rules.yml:5: no',
        '      account: "admin" does not match "alice"',
        '      name: "${labels:team}/*", here "web/*", does not match "app/web"',
        '      service: "${labels:hub}", which nothing fills, does not match "S"',
        '      labels.group: "dev" does not match (no label group)',
        '    rule teams (rules.yml:9): yes, grants pull',
        '  granted: pull',
        '  denied: push',
        '  decided by: acl, rule teams',
      ],
    })
  })

  test('every back end that was asked, also one that does not say why', async () => {
    const explanation: Explanation = {
      backends: [
        ...aclSays([no('a', 'name')]).backends,
        { backend: 'plugin_authz', answer: { outcome: 'decided', actions: ['pull', 'push'] } },
      ],
      granted: ['pull', 'push'],
      denied: [],
      decidedBy: { backend: 'plugin_authz' },
    }
    const { status, lines } = await explained(ALICE, explanation)
    expect(status).toBe(0)
    expect(lines.slice(3)).toEqual([
      '  acl has no opinion',
      '    rule a (rules.yml:1): no: name: "x" does not match "y"',
      '  plugin_authz grants pull,push',
      '  granted: pull,push',
      '  denied: nothing',
      '  decided by: plugin_authz',
    ])
  })

  test('that nobody decided', async () => {
    const { status, lines } = await explained(ALICE, aclSays([]))
    expect(status).toBe(1)
    expect(lines.slice(3)).toEqual([
      '  acl has no opinion',
      '  granted: nothing',
      '  denied: pull,push',
      '  decided by: nobody, which denies',
    ])
  })

  test('a denial by a rule', async () => {
    const { lines } = await explained(ALICE, aclSays([yes('closed', [])], []))
    expect(lines.slice(3, 5)).toEqual(['  acl grants nothing', '    rule closed (rules.yml:9): yes, grants nothing'])
  })

  test('a part for each scope, and the status is 1 when one of them is denied', async () => {
    const args = [...ALICE, '--scope', 'repository:b:pull  registry:catalog:*']
    const { status, lines } = await explained(args, granting, granting, aclSays([]))
    expect(status).toBe(1)
    expect(lines.filter((line) => line.startsWith('asks'))).toEqual([
      'asks for repository:app/web:pull,push',
      'asks for repository:b:pull',
      'asks for registry:catalog:*',
    ])
  })

  test('control characters are written out', async () => {
    const rule = { ...no('a'), failed: [{ condition: 'name', pattern: '\u001b[2J', value: 'x\ny\u009b' }] }
    const { lines } = await explained(['--account', 'a\u0007', '--scope', 'repository:a:pull'], aclSays([rule]))
    expect(lines[0]).toBe('a\\u0007 (no labels)')
    expect(lines[4]).toBe('    rule a (rules.yml:1): no: name: "\\u001b[2J" does not match "x\\u000ay\\u009b"')
  })

  test('--json is one line of the explanations, in ASCII', async () => {
    const explanation = aclSays([yes('\u009b', ['pull', 'push'])], ['pull', 'push'])
    const { status, lines } = await explained([...ALICE, '--json'], explanation)
    expect(status).toBe(0)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[ -~]*$/)
    expect(JSON.parse(lines[0]!)).toEqual([explanation])
  })
})

describe('of many rules that do not match', () => {
  const far = Array.from({ length: 30 }, (_, index) => no(`far-${index}`, index % 3 === 0 ? 'type' : 'account', 'name'))
  const near = no('near', 'name')
  const rulesIn = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.startsWith('    ')).map((line) => line.trim())

  test('those that failed on one condition only are shown, and the others counted by their first', async () => {
    const { lines } = await explained(ALICE, aclSays([...far, near, yes('all', ['pull'])], ['pull']))
    expect(rulesIn(lines)).toEqual([
      'rule near (rules.yml:4): no: name: "x" does not match "y"',
      '30 more rules do not match: 10 for type, 20 for account (--all lists them)',
      'rule all (rules.yml:9): yes, grants pull',
    ])
  })

  test('where none is near, all are counted', async () => {
    const { lines } = await explained(ALICE, aclSays(far))
    expect(rulesIn(lines)).toEqual(['30 rules do not match: 10 for type, 20 for account (--all lists them)'])
  })

  test('where all are near, twenty are shown', async () => {
    const rules = Array.from({ length: 30 }, (_, index) => no(`near-${index}`, 'name'))
    const { lines } = await explained(ALICE, aclSays(rules))
    expect(rulesIn(lines)).toHaveLength(21)
    expect(rulesIn(lines).at(-1)).toBe('10 more rules do not match: 10 for name (--all lists them)')
  })

  test('the one that decides without matching, because it cannot be told, is shown', async () => {
    const { lines } = await explained(ALICE, aclSays([...far, no('dear', 'name', 'labels.team')], []))
    expect(rulesIn(lines)[1]).toBe('rule dear (rules.yml:4): no')
  })

  test('--all shows them all', async () => {
    const { lines } = await explained([...ALICE, '--all'], aclSays(far))
    expect(lines.filter((line) => line.startsWith('    rule'))).toHaveLength(30)
  })

  test('twenty are not many', async () => {
    const { lines } = await explained(ALICE, aclSays(far.slice(0, 20)))
    expect(lines.filter((line) => line.startsWith('    rule'))).toHaveLength(20)
  })
})

describe('what is asked', () => {
  /** What the tools are asked: a file or folder, the requests, and the time. */
  async function asked(args: readonly string[]): Promise<unknown[]> {
    const calls: unknown[] = []
    const note =
      (what: string) =>
      (place: string, requests: readonly AuthorizationRequest[], time: number | undefined): Promise<Explanation[]> => {
        calls.push(what, place, requests, time)
        return Promise.resolve([])
      }
    await explain(args, printingTools({ explain: note('file'), explainRunning: note('running') }).tools)
    return calls
  }

  const identity = { account: 'alice', labels: {}, labelsArePatterns: true }
  const resource = { type: 'repository', name: 'app/web', actions: ['pull', 'push'] }
  const request = { identity, resource, service: '', ip: '' }

  test('a configuration', async () => {
    await expect(asked(['c.yml', ...ALICE])).resolves.toEqual(['file', 'c.yml', [request], undefined])
    await expect(asked([...ALICE, '--', '-c.yml'])).resolves.toEqual(['file', '-c.yml', [request], undefined])
  })

  test('the running server where none is named', async () => {
    await expect(asked(ALICE)).resolves.toEqual(['running', './data', [request], undefined])
    await expect(asked([...ALICE, '--data', 'd'])).resolves.toEqual(['running', 'd', [request], undefined])
  })

  test('with everything that was said', async () => {
    const said = ['--label', 'team=web', '--label', 'team=ops', '--label', '__proto__=a=b', '--quoted-labels']
    const when = ['--ip', '::ffff:10.0.0.7', '--service', 'S', '--at', '2026-11-23T08:30:00Z']
    const labels = Object.fromEntries([
      ['team', ['web', 'ops']],
      ['__proto__', ['a=b']],
    ])
    await expect(asked([...ALICE, ...said, ...when])).resolves.toEqual([
      'running',
      './data',
      [{ identity: { account: 'alice', labels, labelsArePatterns: false }, resource, service: 'S', ip: '10.0.0.7' }],
      Date.UTC(2026, 10, 23, 8, 30),
    ])
  })

  test('for nobody in particular', async () => {
    const calls = await asked(['--account', '', '--scope', 'repository:a:pull'])
    expect(calls[2]).toMatchObject([{ identity: { account: '' } }])
  })
})

describe('what is not understood is one sentence', () => {
  const WHO = ['--account', 'a']
  test.each([
    [[], "--account is needed; --account '' is somebody who does not sign in"],
    [WHO, '--scope is needed, such as --scope repository:app/web:pull,push'],
    [[...WHO, '--scope', ' '], '--scope is needed, such as --scope repository:app/web:pull,push'],
    [
      [...WHO, '--scope', 'app:pull'],
      '--scope app:pull is no scope; write TYPE:NAME:ACTIONS, such as repository:app/web:pull,push',
    ],
    [
      [...WHO, '--scope', 'repository:a:'],
      '--scope repository:a: names no action; write TYPE:NAME:ACTIONS, such as repository:app/web:pull,push',
    ],
    [[...ALICE, '--label', 'web'], '--label web is no label; write NAME=VALUE, such as team=web'],
    [[...ALICE, '--label', '=web'], '--label =web is no label; write NAME=VALUE, such as team=web'],
    [[...ALICE, '--ip', '10.0.0'], '--ip 10.0.0 is no IP address'],
    [[...ALICE, '--ip', ''], '--ip  is no IP address'],
    [[...ALICE, '--at', 'noon'], '--at noon is no time; write one such as 2026-11-23T08:30:00Z'],
    [[...ALICE, '--acount=b'], 'acl explain: unknown option --acount; did you mean --account?'],
    [
      [...ALICE, '-x'],
      'acl explain: unknown option -x; it knows --account, --label, --quoted-labels, --ip, --service, --at, --scope, --data, --all, --json',
    ],
    [[...ALICE, '--all=yes'], 'acl explain: --all takes no value'],
    [[...ALICE, '--ip'], 'acl explain: --ip needs a value'],
    [
      [...ALICE, '--ip', '--all'],
      'acl explain: --ip needs a value (one that begins with a dash is written --ip=--all)',
    ],
    [[...ALICE, '--account', 'b'], 'acl explain: --account stands there twice'],
    [[...ALICE, 'a.yml', 'b.yml'], 'acl explain takes one configuration, not 2'],
    [[...ALICE, 'a.yml', '--data', 'd'], '--data names a running server; leave it or the configuration out'],
  ])('%j', async (args, expected) => {
    await expect(explain(args, printingTools({}).tools)).rejects.toThrow(new ConfigError(expected))
  })

  test('whatever the words are', async () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '--account',
        '--account=a',
        '--scope',
        'repository:a:pull',
        '--label',
        '-',
        '--',
        '--at',
        '-a',
        '--=',
        '--toString',
      ),
    )
    const tools = printingTools({ explain: () => Promise.resolve([]), explainRunning: () => Promise.resolve([]) }).tools
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
        try {
          expect(await explain(args, tools)).toBe(0)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
    )
  })
})

describe('acl', () => {
  test.each(['explain', 'lint', 'test', 'diff', 'replay', 'show'] as const)(
    '%s --help prints how it is used',
    async (action) => {
      for (const args of [['--help'], ['x', '-h']]) {
        const { tools, out } = printingTools({})
        await expect(runAcl({ action, args }, tools)).resolves.toBe(0)
        expect(out()).toMatch(new RegExp(`^registry-auth acl ${action} .*\\n[A-Z].*\\.`))
      }
    },
  )

  test('help tells of all of them', async () => {
    const { tools, out } = printingTools({})
    await expect(runAcl({ action: 'help', args: [] }, tools)).resolves.toBe(0)
    expect(out().match(/^registry-auth acl \w+/gm)).toHaveLength(6)
  })

  test('runs what is asked for', async () => {
    const { tools, out } = printingTools({ explainRunning: () => Promise.resolve([granting]) })
    await expect(runAcl({ action: 'explain', args: ALICE }, tools)).resolves.toBe(0)
    expect(out()).toContain('granted: pull,push')
    await expect(runAcl({ action: 'explain', args: ['--', '--help'] }, tools)).rejects.toThrow(ConfigError)
  })
})
