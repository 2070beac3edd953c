// Access lists under us and under the reference for docker_auth: the same tokens, and a log that replays without a difference.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { cleanUp, run, scratchFolder } from './children.ts'
import { randomList } from './docker-auth-lists.ts'
import type { ListAndRequests, ListedRule } from './docker-auth-lists.ts'
import { type Pair, REFERENCE, compare, countGranted, differing, startPair } from './docker-auth.ts'
import { SLOW, requires } from './requires.ts'
import { mainFile } from './server.ts'

const lists = (from: number, count: number): ListAndRequests[] =>
  Array.from({ length: count }, (_, index) => randomList(from + index))
const rulesOf = (some: readonly ListAndRequests[]): ListedRule[] => some.flatMap(({ rules }) => rules)

interface Replay {
  readonly tokens: number
  readonly unreadable: number
  readonly requests: number
  readonly differing: number
  readonly differences: readonly { account: string; loses: string[]; gains: string[]; requests: number }[]
}

requires(REFERENCE, SLOW)('a configuration of docker_auth', () => {
  let pair: Pair | undefined
  afterEach(async () => {
    await pair?.stop()
    pair = undefined
  })
  afterAll(cleanUp)

  test('300 lists behind one another decide 12,000 scopes the same, and replaying the log finds what a change does', async () => {
    const some = lists(0, 300)
    const acl = rulesOf(some)
    pair = await startPair(() => ({ acl }))
    const compared = await compare(
      pair,
      some.flatMap(({ requests }) => requests),
    )
    expect(differing(compared)).toEqual([])
    const granted = countGranted(compared)
    expect(granted).toBeGreaterThan(2_000)
    expect(granted).toBeLessThan(9_000)

    const folder = scratchFolder()
    const replay = async (rules: readonly ListedRule[]): Promise<{ status: number | string; result: Replay }> => {
      writeFileSync(join(folder, 'docker_auth.log'), pair?.reference.stderr() ?? '')
      writeFileSync(join(folder, 'list.yml'), JSON.stringify({ acl: rules }))
      const args = [mainFile, 'acl', 'replay', '--json', '--log', 'docker_auth.log', 'list.yml']
      const { status, stdout } = await run(process.execPath, args, { cwd: folder })
      return { status, result: JSON.parse(stdout) as Replay }
    }
    const same = await replay(acl)
    expect(same.result).toMatchObject({ tokens: 1200, unreadable: 0, requests: 12_000, differing: 0, differences: [] })
    expect(same.status).toBe(0)

    const lost = compared.filter(({ request: { account } }) => account === 'alice')
    const changed = await replay([{ match: { account: 'alice' }, actions: [] }, ...acl])
    expect(changed.result.differing).toBe(countGranted(lost))
    expect(changed.result.differences.map(({ account, gains }) => [account, gains])).toEqual(
      changed.result.differences.map(() => ['alice', []]),
    )
    expect(changed.status).toBe(1)
  }, 300_000)

  test.each([300, 306, 312, 318, 324, 330, 336, 342])(
    'six lists from number %i on, few enough to be walked in order, decide the same',
    async (from) => {
      const some = lists(from, 6)
      pair = await startPair(() => ({ acl: rulesOf(some) }))
      const compared = await compare(
        pair,
        some.flatMap(({ requests }) => requests),
      )
      expect(differing(compared)).toEqual([])
    },
    60_000,
  )
})
