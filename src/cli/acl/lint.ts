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
  if (values.json === true) tools.out.write(formatJsonLine(findings))
  else {
    for (const finding of findings) tools.out.write(`${linesOf(finding).map(escapeControls).join('\n')}\n`)
    tools.out.write(findings.length === 1 ? '1 finding\n' : `${findings.length} findings\n`)
  }
  if (!complete) tools.err.write(`${INCOMPLETE}\n`)
  return findings.length === 0 ? 0 : 1
}

function linesOf({ file, line, column, rule, message, proved, why, example, fix }: Finding): string[] {
  return [
    `${file}:${line}:${column}: rule ${rule}: ${message}${proved ? '' : ' (not proved)'}`,
    `  why: ${why}`,
    ...(example === undefined ? [] : [`  example: ${example.text}: ${example.answer}`]),
    `  fix: ${fix}`,
  ]
}
