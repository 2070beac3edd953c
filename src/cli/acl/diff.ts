// registry-auth acl diff: requests that two lists answer differently.
import { loadDiff } from '../../authz/index.ts'
import type { Difference } from '../../authz/index.ts'
import { ConfigError } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { escapeControls } from '../../lib/log-line.ts'
import { parseOptions } from './options.ts'
import type { AclTools } from './tools.ts'

/** Prints the differences between two lists, and answers the exit status: 0 when none was found. Throws ConfigError. */
export async function diff(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl diff', args, { json: { type: 'boolean' } })
  const [old, next, ...more] = positionals
  if (old === undefined || next === undefined || more.length > 0)
    throw new ConfigError('acl diff needs two paths: the old list and the new one')
  const diffLists = await loadDiff()
  const lists = [await tools.loadList(old), await tools.loadList(next)] as const
  const { differences, sampled } = diffLists(...lists, tools.now())
  const others = [...new Set(lists.flatMap(({ setting }) => setting?.others ?? []))]
  const complete = sampled.length === 0 && others.length === 0
  if (values.json === true) tools.out.write(formatJsonLine({ differences, complete, sampled, others }))
  else {
    const left = differences.length - SHOWN
    const lines = [
      ...differences.slice(0, SHOWN).flatMap(linesOf),
      ...(left > 0 ? [`and ${left} more; --json lists them`] : []),
      ...conclusion(differences.length, sampled, others),
    ]
    tools.out.write(lines.map((line) => `${escapeControls(line)}\n`).join(''))
  }
  return differences.length === 0 ? 0 : 1
}

function linesOf({ old, new: now, gains, loses, examples, proved }: Difference): string[] {
  const changes = [
    ...(gains.length === 0 ? [] : [`gains ${gains.join(',')}`]),
    ...(loses.length === 0 ? [] : [`loses ${loses.join(',')}`]),
  ]
  const before = old ?? 'no rule'
  const deciding =
    old === now ? `decided by ${before} before and now` : `decided by ${before} before, by ${now ?? 'no rule'} now`
  return [
    `${changes.join(', ')}: ${deciding}${proved ? '' : ' (not proved: others may change as well)'}`,
    ...examples.map(({ text }) => `  ${text}`),
  ]
}

const SHOWN = 20

function conclusion(count: number, sampled: readonly string[], others: readonly string[]): string[] {
  const found = count === 1 ? '1 difference' : `${count} differences`
  if (sampled.length === 0 && others.length > 0)
    return [`${found} between the lists; what ${others.join(', ')} decide is not compared`]
  if (sampled.length === 0) return [`${found}; there are no others: proved`]
  const left = sampled.length - SHOWN
  return [
    `${found}; not proved that there are no others, because these were only tried with samples:`,
    ...sampled.slice(0, SHOWN).map((pattern) => `  ${pattern}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ]
}
