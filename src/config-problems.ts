// Collects everything wrong with a configuration, each with the place it stands at.
import type { z } from 'zod'
import { ConfigError } from './lib/errors.ts'
import type { Problem } from './lib/errors.ts'
import type { Report } from './lib/report.ts'
import type { YamlDocument, YamlPath } from './lib/yaml.ts'

/** All problems and warnings of one load. */
export interface Findings {
  readonly problems: Problem[]
  readonly warnings: Problem[]
}

/** Problems in the order of the files they are about, and in each from top to bottom. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))]
  return files.flatMap((name) =>
    problems.filter(({ file }) => file === name).sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
  )
}

/** A report about one document. */
export function createReport(file: string, document: YamlDocument, findings: Findings, base: YamlPath = []): Report {
  const place = (path: YamlPath, message: string): Problem => ({
    message,
    file,
    ...document.locate([...base, ...path]),
    path: formatPath([...base, ...path]),
  })
  const report: Report = {
    problem: (path, message) => void findings.problems.push(place(path, message)),
    warning: (path, message) => void findings.warnings.push(place(path, message)),
    async guard(path, value) {
      try {
        return await (typeof value === 'function' ? value() : value)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        for (const problem of error.problems) {
          const { message, file: about, line } = problem
          if (line !== undefined) findings.problems.push(problem)
          else report.problem(path, about === undefined ? message : `${about} ${message}`)
        }
        return undefined
      }
    },
    at: (path) => createReport(file, document, findings, [...base, ...path]),
    parse(path, schema, value) {
      const result = schema.safeParse(value)
      if (result.success) return result.data
      for (const issue of result.error.issues)
        for (const [inner, message] of describe(issue, value)) report.problem([...path, ...inner], message)
      return undefined
    },
  }
  return report
}

/** A key that stands twice: the last one wins, as in docker_auth; inside `match` that would silently change who is meant. */
export function reportDuplicates({ duplicates }: YamlDocument, report: Report): void {
  for (const { path } of duplicates) {
    const key = String(path.at(-1))
    if (path.slice(0, -1).includes('match')) report.problem(path, `the key "${key}" stands twice`)
    else report.warning(path, `the key "${key}" stands twice; the last one counts`)
  }
}

/** One line per unknown key, as `strict` words them; anything else that is simply not there is said so. */
function describe(issue: z.core.$ZodIssue, value: unknown): [YamlPath, string][] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => [[...path, key], messages[index] ?? issue.message])
  }
  return [
    [path, at(value, path) === undefined && path.length > 0 && issue.code !== 'custom' ? 'is required' : issue.message],
  ]
}

function at(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (found, step) =>
      typeof found === 'object' && found !== null
        ? Object.entries(found).find(([key]) => key === String(step))?.[1]
        : undefined,
    value,
  )
}

/** `acl[3].match.account`; names that are no plain words are quoted. */
function formatPath(path: YamlPath): string {
  return path
    .map((step) =>
      typeof step === 'number' ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join('')
    .replace(/^\./, '')
}
