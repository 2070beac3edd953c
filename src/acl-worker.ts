// The thread that reads long lists of rules, so that requests are answered meanwhile. It hands over what it read a little at a time.
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { readAclDocument } from './acl-document.ts'
import type { AclDocument } from './acl-document.ts'
import type { AclQuestion, AclReply } from './acl-thread.ts'
import { createAclBuilder } from './authz/index.ts'
import type { AclEntryConfig } from './authz/index.ts'
import { ConfigError } from './lib/errors.ts'
import { assembleYaml, withEmptyList } from './lib/yaml.ts'

// Some milliseconds' work for the thread that takes them.
const BATCH = 250

let rules: readonly AclEntryConfig[] = []
let lines: readonly number[] = []
let next = 0

function answer(question: AclQuestion): AclReply {
  if (question.what === 'more') {
    const from = next
    next += BATCH
    return { what: 'rules', rules: rules.slice(from, next), lines: lines.slice(from, next) }
  }
  try {
    const { text, file, kind, evadable } = question
    const read = readAclDocument(text, file, kind, evadable, createAclBuilder().add)
    rules = read.rules
    lines = linesOf(read)
    next = 0
    return { what: 'read', document: { ...read, rules: [], parts: withEmptyList(read.parts, 'acl') } }
  } catch (error) {
    if (error instanceof ConfigError) return { what: 'refused', problems: error.problems }
    throw error
  }
}

function linesOf({ parts, base, rules: { length } }: AclDocument): number[] {
  const document = assembleYaml(parts)
  return Array.from({ length }, (_, index) => document.locate([...base, index]).line)
}

function lowerPriority(): void {
  try {
    setPriority(10)
  } catch {
    // A sandbox may forbid it; the rules are read all the same.
  }
}

// Linux takes this for the thread alone: requests go first where there are more threads than cores.
if (process.platform === 'linux') lowerPriority()

parentPort?.on('message', (question: AclQuestion) => parentPort?.postMessage(answer(question)))
