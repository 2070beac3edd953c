// A program that stays: real ones that answer, lie, hang and die.
import { afterEach, describe, expect, test } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { BackendError } from '../../src/lib/errors.ts'
import { createPersistentProgram } from '../../src/lib/persistent-program.ts'
import type { PersistentProgram } from '../../src/lib/persistent-program.ts'
import { useFolder } from '../support/folder.ts'
import { createRecorder } from '../support/recorder.ts'

const folder = useFolder()
const open: PersistentProgram[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((program) => program.close()))
})

/** Reads lines and hands each question to `answer(question, say)`; every start of it leaves a line in the file "starts". */
const TALKER = (startsFile: string, answer: string): string => `
  import { appendFileSync } from 'node:fs'
  import { createInterface } from 'node:readline'
  appendFileSync(${JSON.stringify(startsFile)}, process.pid + '\\n')
  const say = (answer) => console.log(typeof answer === 'string' ? answer : JSON.stringify(answer))
  const answer = ${answer}
  createInterface({ input: process.stdin }).on('line', (line) => answer(JSON.parse(line), say, line))
`

async function talker(answer: string, timeout = 20_000) {
  const recorder = createRecorder()
  const file = await folder.write('talker.mjs', TALKER(folder.path('starts'), answer))
  const program = createPersistentProgram({ command: process.execPath, args: [file] }, timeout, recorder.log)
  open.push(program)
  return { program, lines: recorder.lines }
}

const starts = async (): Promise<number[]> => {
  const text = await readFile(folder.path('starts'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

/** What an attempt came to: its answer, or the error. */
const attempt = (program: PersistentProgram, question: object = {}): Promise<unknown> =>
  program.ask(question).catch((error: unknown) => error)

const ECHO = '(question, say) => say({ ...question, echo: true })'

describe('a program that stays', () => {
  test('is started by the first question, and once for all of them', async () => {
    const { program } = await talker(ECHO)
    expect(await starts()).toEqual([])
    for (const n of [1, 2, 3]) await expect(program.ask({ n })).resolves.toMatchObject({ n, echo: true })
    expect(await starts()).toHaveLength(1)
  })

  test('may answer in any order: each answer goes to its own question', async () => {
    const { program } = await talker(
      '(question, say) => { (globalThis.all ??= []).push(question); if (all.length === 50) all.reverse().forEach((q) => say({ id: q.id, n: q.n })) }',
    )
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => program.ask({ n })))
    expect(answers).toEqual(answers.map((_, n) => ({ id: n + 1, n })))
  })

  test('gets every question as one line of ASCII, whatever is in it', async () => {
    const { program } = await talker('(question, say, line) => say({ ...question, ascii: /^[ -~]+$/.test(line) })')
    const text = 'a\nb\r\u0000\u001b\u0085\u2028\u2029 é 漢 😀 "\\ {"id":7}\u007f'
    await expect(program.ask({ text })).resolves.toEqual({ id: 1, text, ascii: true })
    await expect(program.ask({ text: '\ud800' })).resolves.toMatchObject({ id: 2, ascii: true })
  })

  test('may write an answer in pieces, and several at once', async () => {
    const { program } = await talker(`async (question, say) => {
      if (question.id === 1) return
      process.stdout.write('{"id": 2, "n"')
      await new Promise((resolve) => setTimeout(resolve, 30))
      process.stdout.write(': 2}\\r\\n{"id": 1, "n": 1}\\n')
    }`)
    await expect(Promise.all([program.ask({}), program.ask({})])).resolves.toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 2 },
    ])
  })

  test('that does not answer in time fails that question only, and a late answer is nobody else’s', async () => {
    const { program } = await talker(
      '(question, say) => { if (question.slow) return; if (question.n === 2) say({ id: 2, late: true }); say({ id: question.id }) }',
      1500,
    )
    await program.ask({ n: 1 })
    expect(await attempt(program, { slow: true })).toEqual(
      new BackendError(`${process.execPath} did not answer within 1500 ms`),
    )
    await expect(program.ask({ n: 2 })).resolves.toEqual({ id: 3 })
    await expect(program.ask({ n: 3 })).resolves.toEqual({ id: 4 })
    expect(await starts()).toHaveLength(1)
  })

  test('that leaves three questions in a row unanswered is replaced', async () => {
    const { program, lines } = await talker('(question, say) => question.n === 0 && say({ id: question.id })', 1500)
    await program.ask({ n: 0 })
    const errors = await Promise.all([1, 2, 3].map((n) => attempt(program, { n })))
    expect(errors.every((error) => error instanceof BackendError)).toBe(true)
    while (lines.length === 0) await sleep(5)
    expect(lines[0]?.message).toBe('the program left 3 questions unanswered')
    await expect(program.ask({ n: 0 })).resolves.toBeDefined()
    expect(await starts()).toHaveLength(2)
  })

  test('that answers others meanwhile is not replaced for three who hang: nobody can end it for everybody', async () => {
    const { program, lines } = await talker('(question, say) => question.n === 0 && say({ id: question.id })', 1500)
    await program.ask({ n: 0 })
    const hanging = [1, 2, 3, 4].map((n) => attempt(program, { n }))
    await program.ask({ n: 0 })
    expect((await Promise.all(hanging)).every((error) => error instanceof BackendError)).toBe(true)
    await program.ask({ n: 0 })
    expect(await starts()).toHaveLength(1)
    expect(lines).toEqual([])
  })

  test('that owes a hundred answers is replaced, whatever else it answers', async () => {
    const { program, lines } = await talker('(question, say) => question.n === 0 && say({ id: question.id })', 1500)
    await program.ask({ n: 0 })
    const hanging = Array.from({ length: 100 }, () => attempt(program, { n: 1 }))
    await program.ask({ n: 0 })
    await Promise.all(hanging)
    while (lines.length === 0) await sleep(5)
    expect(lines[0]?.message).toBe('the program left 100 questions unanswered')
  })

  test('that dies fails everything in flight as an outage, and the next question starts it again', async () => {
    const { program, lines } = await talker(
      '(question, say) => question.die ? process.exit(7) : question.ok && say(question)',
    )
    await program.ask({ ok: true })
    const answers = await Promise.all([attempt(program), attempt(program), attempt(program, { die: true })])
    const outage = new BackendError(`${process.execPath} ended with status 7`)
    expect(answers).toEqual([outage, outage, outage])
    await expect(program.ask({ ok: true })).resolves.toMatchObject({ ok: true })
    expect(await starts()).toHaveLength(2)
    expect(lines).toEqual([
      { level: 'warn', message: 'the program ended with status 7', fields: { program: process.execPath, restMs: 0 } },
    ])
  })

  test('that dies again and again rests before it is started again, and says when to come back', async () => {
    const { program, lines } = await talker('(question, say) => question.ok ? say(question) : process.exit(1)')
    await attempt(program)
    await attempt(program)
    expect(await attempt(program)).toEqual(
      new BackendError(`${process.execPath} ended and rests before its next start`, { retryAfter: 1 }),
    )
    expect(() => program.check()).toThrow('rests before its next start')
    expect(await starts()).toHaveLength(2)
    let answer: unknown
    do answer = await attempt(program, { ok: true })
    while (answer instanceof BackendError && (await sleep(20)) === undefined)
    expect(answer).toMatchObject({ ok: true })
    // An answer ends the bad times: the next death costs no rest.
    await attempt(program)
    await expect(program.ask({ ok: true })).resolves.toBeDefined()
    expect(lines.map(({ fields }) => fields)).toEqual(
      [0, 100, 0].map((restMs) => ({ program: process.execPath, restMs })),
    )
  })

  test.each([
    ['something that is no JSON', 'say("nonsense")', 'no JSON object with the id'],
    ['an empty line', 'say("")', 'no JSON object with the id'],
    ['an answer without an id', 'say({ result: "allow" })', 'no JSON object with the id'],
    ['an answer with an id of another type', 'say({ id: "1" })', 'no JSON object with the id'],
    ['a list', 'say([1])', 'no JSON object with the id'],
    ['an answer to a question that nobody asked', 'say({ id: question.id + 1 })', 'nobody asked'],
    ['a line that never ends', 'process.stdout.write("x".repeat(2_000_000))', 'more than 1 MiB'],
  ])('that writes %s is killed', async (_what, text, message) => {
    const { program } = await talker(`(question, say) => ${text}`)
    await expect(program.ask({ password: 'canary' })).rejects.toThrow(message)
  })

  test('that never stops answering one question is killed', async () => {
    const { program, lines } = await talker('(question, say) => setInterval(() => say({ id: question.id }))')
    await program.ask({})
    while (lines.length === 0) await sleep(5)
    expect(lines[0]?.message).toBe('the program answered a question that nobody asked, or one twice')
  })

  test('that cannot be started is an outage, and no reason to fail before that', async () => {
    const { log } = createRecorder()
    const program = createPersistentProgram({ command: '/nonexistent/program', args: [] }, 20_000, log)
    await expect(program.ask({})).rejects.toThrow('/nonexistent/program cannot be started (ENOENT)')
    await program.close()
  })

  test('is started by a check, so that the first login need not wait for it', async () => {
    const { program } = await talker(ECHO)
    program.check()
    while ((await starts()).length === 0) await sleep(5)
    await program.ask({})
    expect(await starts()).toHaveLength(1)
  })
})

describe('closing it', () => {
  const isGone = async (): Promise<boolean> => {
    const [pid = 0] = await starts()
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    return state === '' || /\) Z /.test(state)
  }

  test('ends its input, so that it can finish what it began', async () => {
    const { program, lines } = await talker('(question, say) => setTimeout(() => say(question), 100)')
    const answer = program.ask({ n: 1 })
    while ((await starts()).length === 0) await sleep(5)
    await program.close()
    await expect(answer).resolves.toMatchObject({ n: 1 })
    expect(await isGone()).toBe(true)
    expect(lines).toEqual([])
  })

  test('kills one that will not end', async () => {
    const { program } = await talker(
      '(question, say) => { process.on("SIGTERM", () => undefined); setInterval(() => undefined, 1000); say(question) }',
    )
    await program.ask({})
    await program.close()
    expect(await isGone()).toBe(true)
  })

  test('twice is once, and nothing is asked or started afterwards', async () => {
    const { program } = await talker(ECHO)
    await program.ask({})
    await Promise.all([program.close(), program.close()])
    await program.close()
    await expect(program.ask({})).rejects.toThrow('has been stopped')
    expect(await starts()).toHaveLength(1)
  })

  test('one that never ran is nothing', async () => {
    const { program } = await talker(ECHO)
    await program.close()
    expect(await starts()).toEqual([])
  })
})
