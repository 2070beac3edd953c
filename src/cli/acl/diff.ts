// registry-auth acl diff: requests that two lists answer differently.
import { describeExample, loadDiff } from '../../authz/index.ts'
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
  const { differences, sampled } = diffLists(await tools.loadList(old), await tools.loadList(next), tools.now())
  if (values.json === true) tools.out.write(formatJsonLine({ differences, complete: sampled.length === 0, sampled }))
  else {
    for (const difference of differences) tools.out.write(`${linesOf(difference).map(escapeControls).join('\n')}\n`)
    tools.out.write(
      conclusion(differences.length, sampled)
        .map((line) => `${escapeControls(line)}\n`)
        .join(''),
    )
  }
  return differences.length === 0 ? 0 : 1
}

function linesOf({ old, new: now, gains, loses, examples, proved }: Difference): string[] {
  const changes = [
    ...(gains.length === 0 ? [] : [`gains ${gains.join(',')}`]),
    ...(loses.length === 0 ? [] : [`loses ${loses.join(',')}`]),
  ]
  const deciding = `decided by ${old ?? 'no rule'} before, by ${now ?? 'no rule'} now`
  return [
    `${changes.join(', ')}: ${deciding}${proved ? '' : ' (not proved: others may change as well)'}`,
    ...examples.map(
      (example) => `  ${describeExample({ ...example, request: withoutActions(example.request, gains, loses) })}`,
    ),
  ]
}

type Request = Difference['examples'][number]['request']

// Of all the actions that were asked for, those that make the difference.
function withoutActions(request: Request, gains: readonly string[], loses: readonly string[]): Request {
  return { ...request, resource: { ...request.resource, actions: [...gains, ...loses].sort() } }
}

const SHOWN = 20

function conclusion(count: number, sampled: readonly string[]): string[] {
  const found = count === 1 ? '1 difference' : `${count} differences`
  if (sampled.length === 0) return [`${found}; there are no others: proved`]
  const left = sampled.length - SHOWN
  return [
    `${found}; not proved that there are no others, because these were only tried with samples:`,
    ...sampled.slice(0, SHOWN).map((pattern) => `  ${pattern}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ]
}
