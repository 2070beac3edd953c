// Where the log goes must never hold up the server: not a reader that sleeps, not one that is gone.
import { expect, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { createLogger } from '../../src/lib/logger.ts'

/** A reader that takes one chunk and then nothing until it is woken. */
function sleeper(): { out: Writable; taken: () => string; wake: () => void } {
  let text = ''
  let asleep = true
  let release = (): void => undefined
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk
      if (asleep) release = done
      else done()
    },
  })
  const wake = (): void => {
    asleep = false
    release()
  }
  return { out, taken: () => text, wake }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => resolve()))

test('a reader that stops reading costs some lines, which are counted, and no memory without end', async () => {
  const { out, taken, wake } = sleeper()
  const { log, flush } = createLogger(out, false)
  const line = 'x'.repeat(1000)
  for (let index = 0; index < 10_000; index++) {
    log.info({ index }, line)
    if (index % 100 === 0) await nextTurn()
  }
  expect(out.writableLength).toBeLessThan(5 * 1024 * 1024)
  wake()
  await flush(5000)
  log.info({}, 'awake again')
  await flush(5000)

  const lines = taken()
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { msg: string; dropped?: number })
  const written = lines.filter(({ msg }) => msg === line).length
  const note = lines.find(({ dropped }) => dropped !== undefined)
  expect(note).toMatchObject({ level: 'warn', msg: 'log lines were dropped because nobody read them' })
  expect(written + (note?.dropped ?? 0)).toBe(10_000)
  expect(lines.at(-1)?.msg).toBe('awake again')
})

test('handing over what is held does not wait for ever for a reader that takes nothing', async () => {
  const { out } = sleeper()
  const { log, flush } = createLogger(out, false)
  log.info({}, 'x')
  await expect(flush(20)).resolves.toBeUndefined()
})

test('a reader that is gone is no error', async () => {
  const reader = spawn(process.execPath, ['-e', 'process.stdin.destroy(); process.exit(0)'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await once(reader, 'exit')
  const { log, flush } = createLogger(reader.stdin, false)
  for (let index = 0; index < 3; index++) {
    log.info({ index }, 'still serving')
    await flush(20)
  }
  expect(reader.stdin.destroyed).toBe(true)
})

test('lines of one moment go out together, and by themselves', async () => {
  const chunks: string[] = []
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  const { log } = createLogger(out, false)
  for (let index = 0; index < 5; index++) log.info({ index }, 'line')
  while (chunks.length === 0) await nextTurn()
  expect(chunks.map((chunk) => chunk.split('\n').length - 1)).toEqual([5])
})
