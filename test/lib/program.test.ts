// Programs that are run once for each question: real ones, well-behaved and not.
import { describe, expect, test } from '@jest/globals'
import { chmod, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { BackendError, ConfigError, formatProblem } from '../../src/lib/errors.ts'
import { createProgramRunner, findProgram } from '../../src/lib/program.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()

/** A shell script of this test's folder. */
async function script(text: string, name = 'program.sh'): Promise<string> {
  const file = await folder.write(name, `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o755)
  return file
}

async function run(text: string, input = '', args: readonly string[] = [], timeout = 20_000, signal?: AbortSignal) {
  return createProgramRunner({ command: await script(text), args }, timeout).run(input, signal)
}

/** Resolves when the process with the id in this file is gone. */
async function goneOf(name: string): Promise<boolean> {
  const pid = Number(await readFile(folder.path(name), 'utf8'))
  expect(pid).toBeGreaterThan(1)
  for (;;) {
    // A killed process whose parent is gone may stay a zombie for as long as nobody collects it.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (state === '' || /\) Z /.test(state)) return true
    await sleep(10)
  }
}

/** Resolves when the file has something in it. */
async function written(name: string): Promise<void> {
  while ((await readFile(folder.path(name), 'utf8').catch(() => '')) === '') await sleep(10)
}

describe('a program', () => {
  test('is told its input to the end, and heard out', async () => {
    await expect(run('cat; exit 3', 'alice p ässword')).resolves.toEqual({ status: 3, output: 'alice p ässword' })
  })

  test('gets its arguments as they are: no shell reads them', async () => {
    const args = ['$(id)', '`id`', 'a b', '*', '; exit 9', '']
    await expect(run('for a in "$@"; do printf "%s|" "$a"; done', '', args)).resolves.toEqual({
      status: 0,
      output: '$(id)|`id`|a b|*|; exit 9||',
    })
  })

  test('may open its input by name, as every program may that docker_auth runs', async () => {
    await expect(run('cat /dev/stdin')).resolves.toEqual({ status: 0, output: '' })
    await expect(run('cat /dev/stdin; cat /proc/self/fd/0', 'alice p')).resolves.toMatchObject({
      output: 'alice palice p',
    })
    await expect(run('read -r a p </dev/stdin; echo "$p"', 'alice p')).resolves.toEqual({ status: 0, output: 'p\n' })
  })

  test('need not read what it is told', async () => {
    await expect(run('exit 1', 'x'.repeat(1_000_000))).resolves.toEqual({ status: 1, output: '' })
  })

  test('has its standard error thrown away, however much it is', async () => {
    await expect(run('head -c 3000000 /dev/zero >&2; echo ok')).resolves.toEqual({ status: 0, output: 'ok\n' })
  })

  test('may leave something running in the background', async () => {
    const { output } = await run('sleep 600 >/dev/null 2>&1 </dev/null & echo $!')
    const pid = Number(output)
    expect(() => process.kill(pid, 0)).not.toThrow()
    process.kill(pid, 'SIGKILL')
  })

  test('cannot hold its output open by what it leaves running: that is killed', async () => {
    await expect(run(`sleep 600 & echo $! > ${folder.path('pid')}; echo said; exit 2`)).resolves.toEqual({
      status: 2,
      output: 'said\n',
    })
    expect(await goneOf('pid')).toBe(true)
  })

  test('that takes too long is killed, with everything it started', async () => {
    const hanging = `sleep 600 & echo $! > ${folder.path('child')}; echo $$ > ${folder.path('self')}; trap '' TERM; wait`
    await expect(run(hanging, '', [], 300)).rejects.toThrow('did not answer within 300 ms')
    expect(await goneOf('self')).toBe(true)
    expect(await goneOf('child')).toBe(true)
  })

  test('is killed, with everything it started, when its client goes away', async () => {
    const client = new AbortController()
    const hanging = `sleep 600 & echo $! > ${folder.path('child')}; wait`
    const answer = run(hanging, '', [], 20_000, client.signal)
    const refused = expect(answer).rejects.toThrow('the client went away')
    await written('child')
    client.abort()
    await refused
    expect(await goneOf('child')).toBe(true)
  })

  test.each([
    ['that floods its output is killed', 'exec yes', 'wrote more than 1 MiB'],
    ['that dies of a signal is an outage', 'kill -9 $$', 'was ended by SIGKILL'],
    ['that ends itself by a signal is an outage', 'kill -15 $$', 'was ended by SIGTERM'],
  ])('%s', async (_what, text, message) => {
    await expect(run(text)).rejects.toThrow(message)
    await expect(run(text)).rejects.toBeInstanceOf(BackendError)
  })

  test.each([
    ['is missing', '/nonexistent/program', []],
    ['is a folder', '/', []],
    ['gets an argument no program can get', '/bin/true', ['a\0b']],
    ['gets more arguments than the system takes', '/bin/true', ['x'.repeat(4_000_000)]],
  ])('that %s is an outage, not a crash', async (_what, command, args) => {
    await expect(createProgramRunner({ command, args }, 20_000).run('')).rejects.toThrow('cannot be started')
  })

  test('that is not executable is an outage', async () => {
    const command = await folder.write('plain.txt', 'hello')
    await expect(createProgramRunner({ command, args: [] }, 20_000).run('')).rejects.toThrow(
      'cannot be started (EACCES)',
    )
  })

  test('is never quoted: neither its arguments nor its input are in the error', async () => {
    const error = await run('kill -9 $$', 'canary-in', ['canary-arg']).catch((thrown: unknown) => thrown)
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain('canary')
  })
})

describe('closing it', () => {
  test('kills what still runs, with everything it started, and nothing is started afterwards', async () => {
    const hanging = `sleep 600 & echo $! > ${folder.path('child')}; trap '' TERM; wait; wait`
    const program = createProgramRunner({ command: await script(hanging), args: [] }, 20_000)
    const refused = expect(program.run('')).rejects.toThrow('was ended by SIGKILL')
    await written('child')
    await program.close()
    await refused
    expect(await goneOf('child')).toBe(true)
    await expect(program.run('')).rejects.toThrow('has been stopped')
    await program.close()
  })
})

describe('looking for a program', () => {
  const problems = async (command: string, path: string): Promise<string> => {
    const error = await findProgram(command, path).catch((thrown: unknown) => thrown)
    return error instanceof ConfigError ? error.problems.map(formatProblem).join() : `found ${String(error)}`
  }

  test('takes the first of that name in PATH, and passes over what cannot be executed', async () => {
    await folder.write('one/tool', 'not executable')
    const right = await script('', 'two/tool')
    await script('', 'three/tool')
    const path = ['one', 'two', 'three'].map((name) => folder.path(name)).join(':')
    await expect(findProgram('tool', path)).resolves.toBe(right)
  })

  test('takes a path with a slash as it is', async () => {
    const right = await script('')
    await expect(findProgram(right, '')).resolves.toBe(right)
  })

  test('never looks in a folder that depends on where the server was started', async () => {
    expect(await problems('package.json', '.::')).toContain('is not an executable file in any folder of PATH')
  })

  test('says what was looked for', async () => {
    const plain = await folder.write('plain.txt', '')
    expect(await problems('nonesuch', '/usr/bin:/bin')).toBe(
      '"nonesuch" is not an executable file in any folder of PATH (/usr/bin:/bin)',
    )
    expect(await problems('/nonexistent/x', '')).toBe('/nonexistent/x: does not exist')
    expect(await problems(plain, '')).toBe(`${plain}: is not executable`)
    expect(await problems('/', '')).toBe('/: is not a file')
  })
})
