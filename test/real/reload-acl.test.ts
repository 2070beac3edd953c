// Access lists edited while thousands of tokens are asked for: every answer follows one complete list, and none fails.
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { accessOf, ask, eventually, tokenPath } from './asking.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace, startDraft } from './draft.ts'
import type { Server } from './server.ts'

const PARTS = 40
/** A version of the list, as the action it grants. */
const wordOf = (version: number): string => String.fromCharCode('a'.charCodeAt(0) + version)
const asked = Array.from({ length: 26 }, (_, version) => wordOf(version)).join(',')
const parts = Array.from({ length: PARTS }, (_, part) => `probe/part-${part}`)

/** A list in which every part of a made-up repository grants just its version: a mixture of two lists gives itself away. */
const listOf = (version: number): string =>
  parts.map((name) => `- match: { account: "", name: ${name} }\n  actions: [${wordOf(version)}]\n`).join('')

const path = tokenPath(...[0, 1, PARTS / 2, PARTS - 1].map((part) => `repository:${parts[part] ?? ''}:${asked}`))

/** The versions an answer follows: more than one, or none for some part, when it follows no complete list. */
const versionsIn = (body: string): readonly string[] => [
  ...new Set(accessOf(body).map(({ actions }) => actions.join('+') || 'none')),
]

afterAll(cleanUp)

describe('an access list that is edited while it is used', () => {
  let draft: Draft
  let server: Server
  let file: string

  const versionNow = async (): Promise<string> => versionsIn((await ask({ port: draft.port, path })).body).join(' and ')

  beforeAll(async () => {
    draft = await createDraft()
    mkdirSync(draft.at('acl'))
    file = draft.at('acl/20-probe.yml')
    // Others stand beside it, so that the list is still one when this file is away.
    for (const name of ['10-first', '30-last']) {
      writeFileSync(draft.at(`acl/${name}.yml`), `- { match: { account: ${name} }, actions: ["*"] }\n`)
    }
    writeFileSync(file, listOf(0))
    server = await startDraft(draft, { ...draft.config, acl: undefined, acl_files: ['acl/*.yml'] })
  })

  const inPieces = async (text: string): Promise<void> => {
    const lines = text.split(/(?<=\n)/)
    writeFileSync(file, '')
    for (let at = 0; at < lines.length; at += 12) {
      await sleep(60)
      writeFileSync(file, lines.slice(at, at + 12).join(''), { flag: 'a' })
    }
  }

  const anew = async (text: string): Promise<void> => {
    unlinkSync(file)
    await sleep(900)
    await inPieces(text)
  }

  const byRename = (text: string): Promise<void> => Promise.resolve(replace(file, text))

  const edits = [byRename, inPieces, anew, byRename, inPieces, anew, byRename, inPieces, anew, byRename]

  test('is followed as a whole, old or new, by each of thousands of answers while it changes ten times', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 50 })
    const seen = { answers: 0, live: 0, written: 0, done: false }
    const wrong: string[] = []
    const client = async (): Promise<void> => {
      while (!seen.done || seen.answers < 2000) {
        const oldest = seen.live
        const { status, body } = await ask({ port: draft.port, path, agent })
        const allowed = Array.from({ length: seen.written - oldest + 1 }, (_, more) => wordOf(oldest + more))
        const followed = status === 200 ? versionsIn(body) : [`${status} ${body}`]
        if (followed.length !== 1 || !allowed.includes(followed[0] ?? '')) {
          wrong.push(`${followed.join(' and ')} where ${allowed.join(' or ')} was due`)
        }
        seen.answers++
        await sleep(100)
      }
    }
    const clients = Array.from({ length: 50 }, client)
    for (const edit of edits) {
      seen.written++
      await edit(listOf(seen.written))
      await eventually(`version ${seen.written} is live`, async () => (await versionNow()) === wordOf(seen.written))
      seen.live = seen.written
    }
    seen.done = true
    await Promise.all(clients)
    agent.destroy()
    expect(wrong).toEqual([])
    expect(seen.answers).toBeGreaterThanOrEqual(2000)
    expect(server.lines().filter(({ level }) => level === 'error')).toEqual([])
  })

  test('is read again on SIGHUP', async () => {
    const reloads = (): number => server.lines().filter(({ msg }) => msg === 'reloaded').length
    const before = reloads()
    server.child.signal('SIGHUP')
    await eventually('it says that it reloaded', () => reloads() === before + 1)
  })

  test('is refused with file, line and reason when it is broken, and the old list goes on', async () => {
    const before = await versionNow()
    replace(file, `${listOf(22)}- { match: { acount: x }, actions: [w] }\n- { match: {}, actions: nothing }\n`)
    await eventually('it says that it refused the list', () => server.lines().some(({ level }) => level === 'error'))
    expect(server.lines().filter(({ level }) => level === 'error')).toMatchObject([
      {
        msg: 'reload refused; the previous configuration goes on serving',
        reasons: [
          expect.stringMatching(/^acl\/20-probe\.yml:81:\d+: .*unknown key "acount"; did you mean "account"\?$/),
          expect.stringMatching(/^acl\/20-probe\.yml:82:\d+: .*must be a list$/),
        ],
      },
    ])
    expect(await versionNow()).toBe(before)
    replace(file, listOf(23))
    await eventually('version 23 is live', async () => (await versionNow()) === wordOf(23))
  })

  test('that is taken away for good no longer grants anything', async () => {
    unlinkSync(file)
    await eventually('no rule is left', async () => (await versionNow()) === 'none')
  })
})

describe('an access list that Kubernetes mounts from a ConfigMap', () => {
  let draft: Draft

  const publish = (version: number): void => {
    mkdirSync(draft.at(`map/..${version}`))
    writeFileSync(draft.at(`map/..${version}/acl.yml`), listOf(version))
    symlinkSync(`..${version}`, draft.at('map/..data_tmp'))
    renameSync(draft.at('map/..data_tmp'), draft.at('map/..data'))
  }

  beforeEach(async () => {
    draft = await createDraft()
    mkdirSync(draft.at('map'))
    publish(1)
    symlinkSync(join('..data', 'acl.yml'), draft.at('map/acl.yml'))
  })

  afterEach(cleanUp)

  test.each(['map/acl.yml', 'map/*.yml'])('is live after the links were swapped, named as %s', async (pattern) => {
    await startDraft(draft, { ...draft.config, acl: undefined, acl_files: [pattern] })
    expect(versionsIn((await ask({ port: draft.port, path })).body)).toEqual([wordOf(1)])
    publish(2)
    await eventually('version 2 is live', async () => {
      return versionsIn((await ask({ port: draft.port, path })).body).join() === wordOf(2)
    })
  })
})
