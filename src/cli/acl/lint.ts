// registry-auth acl lint: rules that do nothing, or not what they seem to.
import { loadLint } from '../../authz/index.ts'
import type { Finding } from '../../authz/index.ts'
import { ConfigError } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { escapeControls } from '../../lib/log-line.ts'
import { parseOptions } from './options.ts'
import type { AclTools } from './tools.ts'

const INCOMPLETE = 'the list is so long that not all of its rules were compared with each other'

/** Prints what is found in a list, and answers the exit status: 0 when nothing was. Throws ConfigError. */
export async function lint(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl lint', args, { json: { type: 'boolean' } })
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0)
    throw new ConfigError('acl lint needs one path: a configuration, a file of rules, or a folder')
  const lintList = await loadLint()
  const { findings, complete } = lintList(await tools.loadList(path), tools.now())
  if (values.json === true) tools.out.write(formatJsonLine({ findings, complete }))
  else {
    const lines = [...summarize(findings).flat(), findings.length === 1 ? '1 finding' : `${findings.length} findings`]
    tools.out.write(lines.map((line) => `${escapeControls(line)}\n`).join(''))
  }
  if (!complete) tools.err.write(`${INCOMPLETE}\n`)
  return findings.length === 0 ? 0 : 1
}

// A rule that stands too early covers many: some of them show it.
const SHOWN = 3

function summarize(findings: readonly Finding[]): string[][] {
  const hidden = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.by !== undefined) hidden.set(finding.by, [...(hidden.get(finding.by) ?? []), finding])
  }
  return findings.map((finding) => {
    const alike = hidden.get(finding.by ?? '') ?? []
    const place = alike.indexOf(finding)
    if (place < SHOWN) return linesOf(finding)
    return place === SHOWN
      ? [`${finding.by ?? ''} comes first for ${alike.length - SHOWN} more: ${namesOf(alike.slice(SHOWN))}`]
      : []
  })
}

function namesOf(findings: readonly Finding[]): string {
  const left = findings.length - NAMED
  const named = findings.slice(0, NAMED).map(({ rule }) => rule)
  return `${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}

const NAMED = 10

function linesOf({ file, line, column, rule, message, proved, why, example, fix }: Finding): string[] {
  return [
    `${file}:${line}:${column}: rule ${rule}: ${message}${proved ? '' : ' (not proved)'}`,
    `  why: ${why}`,
    ...(example === undefined ? [] : [`  example: ${example.text}: ${example.answer}`]),
    `  fix: ${fix}`,
  ]
}
