// A stop leaves no process behind: neither programs that still run, nor what they started.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { ask, basic, eventually, tokenPath } from './asking.ts'
import { cleanUp, endChild } from './children.ts'
import { createDraft, startDraft } from './draft.ts'
import { SLOW, requires } from './requires.ts'

afterEach(cleanUp)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A process nobody has reaped yet is over all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

requires(SLOW)('a program of ext_auth that hangs', () => {
  test.each(['once', 'persistent'])('(%s) ends with the server', async (mode) => {
    const draft = await createDraft()
    writeFileSync(draft.at('hang.sh'), 'sleep 1000 &\necho "$$ $!" >"$1.new"\nmv "$1.new" "$1"\nwait\n')
    const ext_auth = { command: 'sh', args: [draft.at('hang.sh'), draft.at('pids')], timeout: '5m', mode }
    const { child } = await startDraft(draft, { ...draft.config, ...{ ext_auth } })
    const login = ask({ port: draft.port, path: tokenPath(), headers: basic('alice', 'secret') }).catch(() => undefined)
    const pids = (): number[] => readFileSync(draft.at('pids'), 'utf8').trim().split(' ').map(Number)
    await eventually('the program has started another', () => {
      try {
        return pids().length === 2
      } catch {
        return false
      }
    })
    expect(pids().map(isAlive)).toEqual([true, true])
    expect(await endChild(child)).toBe(0)
    await login
    await eventually('both are gone', () => pids().every((pid) => !isAlive(pid)))
  })
})
