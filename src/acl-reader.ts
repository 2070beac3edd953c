// Puts one access list together from the texts that hold its rules and tests.
import { readAclDocument } from './acl-document.ts'
import type { AclDocument, AclDocumentKind, PlacedTest } from './acl-document.ts'
import { hasAclThread, startAclThread } from './acl-thread.ts'
import type { AclThread } from './acl-thread.ts'
import { createAclBuilder, failureOf } from './authz/index.ts'
import type { Acl, AclEntryConfig } from './authz/index.ts'
import type { Findings } from './config-problems.ts'
import { createTurns } from './lib/turns.ts'
import { assembleYaml } from './lib/yaml.ts'
import type { YamlDocument } from './lib/yaml.ts'

// Reading this much takes some 30 ms; starting a thread takes longer.
const LONG = 256 * 1024

/** A list in the making. */
export interface AclReader {
  /**
   * Reads a text; its rules follow those read before. Answers the document, without the rules where they are many. `evadable` as
   * readAclDocument takes it. Throws ConfigError for what is no YAML.
   */
  read(text: string, file: string, kind: AclDocumentKind, evadable?: string): Promise<YamlDocument>
  /** The list, or undefined when something is wrong with it. */
  finish(): Acl | undefined
  /** Every test read so far. */
  readonly tests: readonly PlacedTest[]
  /** Lets go of what reading took, whether or not it came to an end. */
  close(): Promise<void>
}

/**
 * Starts an empty list; what is wrong goes to the findings. With `visit` everything is read on this thread, and shown to it: that is
 * for tools, which have no requests to answer.
 */
export function createAclReader(findings: Findings, visit?: (document: AclDocument, file: string) => void): AclReader {
  const builder = createAclBuilder()
  const positions = new Map<string, string>()
  const tests: PlacedTest[] = []
  let thread: AclThread | undefined
  let problems = 0

  function take(document: AclDocument): void {
    problems += document.findings.problems.length
    findings.problems.push(...document.findings.problems)
    findings.warnings.push(...document.findings.warnings)
    tests.push(...document.tests)
  }

  function name({ id }: AclEntryConfig, file: string, line: number): void {
    if (id === undefined) return
    const known = positions.get(id)
    if (known === undefined) positions.set(id, `${file}:${line}`)
    else {
      problems++
      findings.problems.push({ file, line, message: `the id "${id}" also stands at ${known}; each rule needs its own` })
    }
  }

  return {
    async read(text, file, kind, evadable) {
      if (visit === undefined && text.length > LONG && hasAclThread()) {
        thread ??= startAclThread()
        const document = await thread.read({ text, file, kind, evadable })
        take(document)
        for await (const rules of thread.rules()) {
          for (const { entry, line } of rules) {
            name(entry, file, line)
            builder.add({ entry, position: `${file}:${line}`, syntax: document.syntax })
          }
        }
        return assembleYaml(document.parts)
      }
      const document = readAclDocument(text, file, kind, evadable, builder.add)
      take(document)
      visit?.(document, file)
      const assembled = assembleYaml(document.parts)
      document.rules.forEach((entry, index) =>
        name(entry, file, assembled.locate([...document.base, index, 'id']).line),
      )
      return assembled
    },
    finish: () => (problems > 0 ? undefined : builder.finish()),
    tests,
    async close() {
      await thread?.close()
    },
  }
}

/** Adds every test that fails to the findings' problems. `now` (ms since 1970) is for tests that do not say when. */
export async function runTests(acl: Acl, tests: readonly PlacedTest[], findings: Findings, now: number): Promise<void> {
  const takeTurns = createTurns()
  for (const { test, place } of tests) {
    await takeTurns()
    const failure = failureOf(test, acl, now)
    if (failure !== undefined) findings.problems.push({ ...place, message: `this test fails: ${failure}` })
  }
}
