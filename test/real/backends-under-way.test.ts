// Logins that wait for a back end while the program changes around them, or ends.
import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { eventually } from './asking.ts'
import { askToken, configWith, saysOf, startWith, writeProgram } from './backends.ts'
import { inLevelDb, putRecord, recordOf } from './backends-people.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace } from './draft.ts'
import type { Server } from './server.ts'

describe('a login that is under way', () => {
  let draft: Draft
  let server: Server
  let answer: Promise<string>

  beforeEach(async () => {
    draft = await createDraft()
    // Asked before the record is: what comes now comes while the login waits for it.
    const program = '#!/bin/sh\ntouch asked\nwhile [ ! -e go ]; do sleep 0.05; done\nexit 2\n'
    const backend = await inLevelDb(draft)
    const ext_auth = { command: writeProgram(draft, 'waits.sh', program) }
    server = await startWith(draft, { ext_auth, ...backend.sections })
    answer = askToken(draft.port, backend).then(saysOf)
    await eventually('it waits for the program', () => existsSync(draft.at('asked')))
  })
  afterAll(cleanUp)

  const go = (): void => writeFileSync(draft.at('go'), '')

  test('is answered although its back ends are not in the configuration any more, and then their folder is free', async () => {
    replace(server.configFile, configWith(draft, { users: { '': {} } }))
    server.child.signal('SIGHUP')
    await eventually('it reloaded', () => server.lines().some(({ msg }) => msg === 'reloaded'))
    go()
    expect(await answer).toBe('pull,push')
    await eventually('the folder is free', () =>
      putRecord({ kind: 'level', path: draft.at('level') }, recordOf(0)).then(
        () => true,
        () => false,
      ),
    )
    await server.stop()
  })

  test('is answered although the program is told to stop', async () => {
    server.child.signal('SIGTERM')
    await eventually('it stops', () => server.lines().some(({ msg }) => msg === 'stopping'))
    go()
    expect(await answer).toBe('pull,push')
    expect(await server.child.gone).toBe(0)
  })
})
