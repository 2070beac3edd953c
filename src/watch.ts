// Notices that a configuration changed, waits until it holds still, and has it reloaded, one reload at a time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileSet } from './lib/files.ts'

const POLL_MS = 500
const SETTLE_MS = 300
// A file that vanished may be about to come back (delete, then create): it counts as gone only after this long.
const VANISHED_MS = 1_500
// Contents are compared as well, because not every network mount keeps times and sizes honest.
const CONTENTS_EVERY = 4

/** One attempt to load: what it gave, and every file it read. */
export interface Attempt<T> {
  readonly result: T
  readonly files: FileSet
}

/** A running watch. */
export interface Watch {
  /** Reloads now, whether or not a change was seen. */
  readonly trigger: () => void
  close(): void
}

/** Loads until two readings, some time apart, found the same bytes, so that a half-written or briefly missing file is never acted on. */
export async function loadSettled<T>(load: () => Promise<Attempt<T>>, before: FileSet): Promise<Attempt<T>> {
  for (;;) {
    const attempt = await load()
    const vanished = before.paths().some((path) => !attempt.files.paths().includes(path))
    await sleep(vanished ? VANISHED_MS : SETTLE_MS)
    if (await attempt.files.isSame()) return attempt
  }
}

/** Watches the files of `first`; hands every settled attempt to `apply`, loaded or failed, and then watches the files of that one. */
export function watch<T>(first: FileSet, load: () => Promise<Attempt<T>>, apply: (result: T) => Promise<void>): Watch {
  let files = first
  let polls = 0
  let waiting = 0
  let turn = Promise.resolve()

  async function changed(): Promise<boolean> {
    return ++polls % CONTENTS_EVERY === 0 ? !(await files.isSame()) : files.looksChanged()
  }

  function poll(force: boolean): void {
    waiting++
    turn = turn.then(async () => {
      if (force || (await changed())) {
        const attempt = await loadSettled(load, files)
        files = attempt.files
        await apply(attempt.result)
      }
      waiting--
    })
  }

  const timer = setInterval(() => {
    if (waiting === 0) poll(false)
  }, POLL_MS).unref()
  return { trigger: () => poll(true), close: () => clearInterval(timer) }
}
