// registry-auth acl show: what one person may do, as a table.
import { personalize } from '../../authz/index.ts'
import type { AclList } from '../../authz/index.ts'
import { ConfigError } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { escapeControls } from '../../lib/log-line.ts'
import { parseOptions } from './options.ts'
import { formatTable } from './table.ts'
import type { AclTools } from './tools.ts'
import { describeWho, parseWho, WHO_OPTIONS } from './who.ts'
import type { Who } from './who.ts'

/**
 * Prints what a list says to one person, rule by rule, in the order in which the rules decide. The exit status is 0. Throws ConfigError
 * for arguments or a list that cannot be read.
 */
export async function show(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl show', args, { ...WHO_OPTIONS, json: { type: 'boolean' } })
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0)
    throw new ConfigError(`acl show takes the path of one list, not ${positionals.length}`)
  const who = parseWho(values)
  const list = await tools.loadList(path)
  const shown = look(list, who)
  tools.out.write(values.json === true ? formatJsonLine(shown) : format(shown, list, who))
  return 0
}

/** What a list says to one person. */
interface Shown {
  readonly rows: readonly Row[]
  /** The rule that decides everything for this person, and how many rules behind it never do. */
  readonly last?: { readonly rule: string; readonly behind: number } | undefined
}

interface Row {
  readonly rule: string
  /** Patterns; without one, anything. */
  readonly type?: string | undefined
  readonly name?: string | undefined
  readonly actions: readonly string[]
  readonly when: readonly string[]
  /** The rule that always comes first. */
  readonly hiddenBy?: string | undefined
  /** In the last row of a rule: how many more it would have. */
  readonly more?: number | undefined
}

function look({ rules }: AclList, who: Who): Shown {
  const rows: Row[] = []
  const earlier = new Map<string, string>()
  for (const [index, rule] of rules.entries()) {
    const personal = personalize(rule, who)
    if (personal === undefined) continue
    const { resources, count, when } = personal
    for (const [place, { type, name }] of resources.entries()) {
      const key = keyOf(rule.syntax, type, name, when)
      const hiding = [key, ...covering(rule.syntax, type, name)].find((one) => earlier.has(one))
      const hiddenBy = hiding === undefined ? undefined : earlier.get(hiding)
      const more = place === resources.length - 1 && count > resources.length ? count - resources.length : undefined
      rows.push({ rule: rule.name, type, name, actions: rule.entry.actions, when, hiddenBy, more })
      if (hiding === undefined) earlier.set(key, rule.name)
      if (type === undefined && name === undefined && when.length === 0)
        return { rows, last: { rule: rule.name, behind: rules.length - index - 1 } }
    }
  }
  return { rows }
}

type Pattern = string | undefined

// What certainly decides about everything that these patterns match.
function covering(syntax: 1 | 2, type: Pattern, name: Pattern): string[] {
  return [keyOf(syntax, type, name, []), keyOf(syntax, type, undefined, []), keyOf(syntax, undefined, name, [])]
}

function keyOf(syntax: 1 | 2, type: Pattern, name: Pattern, when: readonly string[]): string {
  const means = [type, name].some((pattern) => pattern?.includes('**') === true) ? syntax : 1
  return JSON.stringify([means, type, name, when])
}

function format({ rows, last }: Shown, { acl, setting }: AclList, who: Who): string {
  const head = ['TYPE', 'NAME', 'MAY', 'RULE', 'WHEN', '']
  const table = rows.map((row) => [
    row.type ?? 'any',
    row.name ?? 'any',
    formatActions(row.actions),
    row.rule,
    row.when.join('; '),
    row.hiddenBy === undefined ? '' : `never reached: ${row.hiddenBy} comes first`,
  ])
  const notGiven = [...acl.labels].filter((label) => !Object.hasOwn(who.identity.labels, label))
  const lines = [
    describeWho(who),
    ...(notGiven.length === 0
      ? []
      : [`the rules also compare these labels: ${notGiven.join(', ')} (--label NAME=VALUE)`]),
    ...(rows.length === 0 ? [] : ['', ...formatTable(head, table).trimEnd().split('\n')]),
    ...rows.flatMap(({ more, rule }) =>
      more === undefined ? [] : [`and ${more} more combinations of labels by ${rule}`],
    ),
    '',
    formatRest(last, setting !== undefined),
  ]
  return lines.map((line) => `${escapeControls(line)}\n`).join('')
}

function formatActions(actions: readonly string[]): string {
  if (actions.length === 1 && actions[0] === '*') return 'everything'
  return actions.length === 0 ? 'nothing' : actions.join(',')
}

function formatRest(last: Shown['last'], isConfiguration: boolean): string {
  if (last === undefined) return `anything else: denied${isConfiguration ? ', unless another back end grants it' : ''}`
  if (last.behind === 0) return `${last.rule} decides the rest`
  return `${last.rule} decides the rest; ${last.behind} ${last.behind === 1 ? 'rule' : 'rules'} behind it left out`
}
