// Every log line is one line, whatever is in it; JSON for machines, words for people.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Writable } from 'node:stream'
import { createLogger } from '../../src/lib/logger.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { Logger } from '../../src/lib/logger.ts'

/** Everything written by this, as lines. */
async function linesOf(readable: boolean, write: (log: Logger) => void): Promise<string[]> {
  let text = ''
  const out = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk
      done()
    },
  })
  const { log, flush } = createLogger(out, readable)
  write(log)
  await flush(1000)
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text.split('\n').slice(0, -1)
}

const NASTY = 'a\n\r\t\u0000\u001b[31m\u007f\u0085\u009b2J\u2028\u2029"\\é😀'
const MOVES_CURSOR = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

describe('JSON lines', () => {
  test('hold level, time, the fields and the message', async () => {
    const lines = await linesOf(false, (log) => {
      log.info({ account: 'alice', ms: 1.5 }, 'token')
      log.warn({}, 'careful')
      log.error({ err: new Error('down', { cause: new Error('refused') }) }, 'outage')
    })
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), account: 'alice', ms: 1.5, msg: 'token' },
      { level: 'warn', time: expect.any(String), msg: 'careful' },
      {
        level: 'error',
        time: expect.any(String),
        msg: 'outage',
        err: {
          name: 'Error',
          message: 'down',
          stack: expect.stringContaining('Error: down'),
          cause: expect.objectContaining({ message: 'refused' }),
        },
      },
    ])
  })

  test('escape every control character, C1 and line separators included, and lose none', async () => {
    const [line = ''] = await linesOf(false, (log) => log.info({ [NASTY]: NASTY, list: [NASTY] }, NASTY))
    expect(line).not.toMatch(MOVES_CURSOR)
    expect(JSON.parse(line)).toMatchObject({ [NASTY]: NASTY, list: [NASTY], msg: NASTY })
  })

  test('never hold a secret', async () => {
    const [line] = await linesOf(false, (log) => log.info({ password: new Secret('hunter2') }, 'oops'))
    expect(line).toContain('[secret]')
    expect(line).not.toContain('hunter2')
  })
})

describe('readable lines', () => {
  test('say time, level, message and fields', async () => {
    const lines = await linesOf(true, (log) => {
      log.info({ account: 'alice', asked: ['repository:a:pull'], rule: 'acl.yml:3', note: 'two words' }, 'token')
      log.warn({}, 'careful')
    })
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d\d:\d\d:\d\d INFO {2}token account=alice asked=\["repository:a:pull"\] rule=acl.yml:3 note="two words"$/,
      ),
      expect.stringMatching(/^\d\d:\d\d:\d\d WARN {2}careful$/),
    ])
  })

  test.each<[string, unknown, string]>([
    ['an error', new Error('down'), 'Error: down'],
    [
      'an error with causes',
      new TypeError('down', { cause: new Error('refused', { cause: new Error('dns') }) }),
      'TypeError: down <- Error: refused <- Error: dns',
    ],
    ['an error of several lines', new Error('a\nb'), 'Error: a\\u000ab'],
    ['a cause that is no error', new Error('down', { cause: 'x' }), "Error: down <- Thrown: 'x'"],
    ['a string that was thrown', 'x', "Thrown: 'x'"],
    ['something with no words at all', Object.create(null), 'Thrown: [Object: null prototype] {}'],
    ['nothing', undefined, ''],
  ])('say in short what went wrong: %s', async (_what, err, expected) => {
    const [line] = await linesOf(true, (log) => log.error({ err }, 'outage'))
    expect(line?.replace(/^.*outage ?/, '')).toBe(expected)
  })

  test('are one line each, and move no cursor', async () => {
    const lines = await linesOf(true, (log) => {
      log.info({ [NASTY]: NASTY }, NASTY)
      log.error({ err: new Error(NASTY) }, NASTY)
    })
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).not.toMatch(MOVES_CURSOR)
  })
})

test('whatever is logged, each call makes one line', async () => {
  const anything = fc.dictionary(fc.string({ unit: 'binary' }), fc.anything({ withBigInt: true, withDate: true }))
  const property = fc.asyncProperty(anything, fc.string({ unit: 'binary' }), async (fields, message) => {
    // The names of the line's own members are not for fields.
    const own = Object.entries(fields).filter(([key]) => !['level', 'time', 'msg', '__proto__'].includes(key))
    for (const readable of [true, false]) {
      const lines = await linesOf(readable, (log) => log.info(Object.fromEntries(own), message))
      expect(lines).toHaveLength(1)
      expect(lines[0]).not.toMatch(MOVES_CURSOR)
    }
  })
  await fc.assert(property, { numRuns: 200 })
})
