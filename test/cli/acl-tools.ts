// What the commands about access lists are lent in tests, and what they print.
import { Writable } from 'node:stream'
import type { AclTools } from '../../src/cli/acl/tools.ts'

/** Tools that refuse whatever a test does not replace, and the texts they were given to print. */
export interface PrintingTools {
  readonly tools: AclTools
  readonly out: () => string
  readonly err: () => string
}

export function printingTools(changes: Partial<AclTools>): PrintingTools {
  const out = createSink()
  const err = createSink()
  const refuse = (): Promise<never> => Promise.reject(new Error('this is not to be called'))
  const tools: AclTools = {
    loadList: refuse,
    explain: refuse,
    explainRunning: refuse,
    dataFolder: './data',
    now: () => Date.parse('2026-11-23T12:00:00Z'),
    out: out.stream,
    err: err.stream,
    isTerminal: false,
    ...changes,
  }
  return { tools, out: out.text, err: err.text }
}

function createSink(): { stream: Writable; text: () => string } {
  let text = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { stream, text: () => text }
}
