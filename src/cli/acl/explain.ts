// registry-auth acl explain: how requests are decided, rule by rule, here or by a running server.
import type { Writable } from 'node:stream'
import type { BackendAnswer, Explanation, FailedCondition, RuleTrace, Trace } from '../../authz/index.ts'
import { ConfigError } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { escapeControls } from '../../lib/log-line.ts'
import { formatScope } from '../../protocol/scope.ts'
import { parseOptions } from './options.ts'
import type { AclTools } from './tools.ts'
import { SCOPE_OPTION, WHO_OPTIONS, describeWho, parseScopes, parseWho } from './who.ts'

const OPTIONS = {
  ...WHO_OPTIONS,
  ...SCOPE_OPTION,
  data: { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

/** Explains what is decided about each scope and answers the exit status: 0 when everything asked for is granted. Throws ConfigError. */
export async function explain(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl explain', args, OPTIONS)
  const { time, ...who } = parseWho(values)
  const requests = parseScopes(values.scope ?? []).map((resource) => ({ ...who, resource }))
  if (requests.length === 0) throw new ConfigError('--scope is needed, such as --scope repository:app/web:pull,push')
  const [configFile, ...more] = positionals
  if (more.length > 0) throw new ConfigError(`acl explain takes one configuration, not ${positionals.length}`)
  if (configFile !== undefined && values.data !== undefined)
    throw new ConfigError('--data names a running server; leave it or the configuration out')
  const explanations =
    configFile === undefined
      ? await tools.explainRunning(values.data ?? tools.dataFolder, requests, time)
      : await tools.explain(configFile, requests, time)
  if (values.json === true) tools.out.write(formatJsonLine(explanations))
  else {
    say(tools.out, describeWho(who))
    for (const [index, explanation] of explanations.entries()) {
      const resource = requests[index]?.resource
      say(tools.out, '', `asks for ${resource === undefined ? 'nothing' : formatScope(resource)}`)
      say(tools.out, ...linesOf(explanation, values.all === true))
    }
  }
  return explanations.every(({ denied }) => denied.length === 0) ? 0 : 1
}

// Rules and names may come from anybody who may edit a list, and a terminal obeys control characters.
function say(out: Writable, ...lines: readonly string[]): void {
  for (const line of lines) out.write(`${escapeControls(line)}\n`)
}

function linesOf({ backends, granted, denied, decidedBy }: Explanation, all: boolean): string[] {
  return [
    ...backends.flatMap((backend) => linesOfBackend(backend, all)),
    `  granted: ${listed(granted)}`,
    `  denied: ${listed(denied)}`,
    `  decided by: ${decidedBy === undefined ? 'nobody, which denies' : deciderOf(decidedBy)}`,
  ]
}

function deciderOf({ backend, rule }: NonNullable<Explanation['decidedBy']>): string {
  return rule === undefined ? backend : `${backend}, rule ${rule}`
}

function linesOfBackend({ backend, answer, trace }: BackendAnswer, all: boolean): string[] {
  const said = answer.outcome === 'no-match' ? 'has no opinion' : `grants ${listed(answer.actions)}`
  return [`  ${backend} ${said}`, ...(trace === undefined ? [] : linesOfTrace(trace, all).map((line) => `    ${line}`))]
}

// More rules than this that do not match are more than anybody reads.
const MANY = 20

function linesOfTrace({ rules, decision }: Trace, all: boolean): string[] {
  const passed = decision.outcome === 'decided' ? rules.slice(0, -1) : rules
  if (all || passed.length <= MANY) return rules.flatMap(linesOfRule)
  const near = passed.filter(({ failed }) => failed.length === 1).slice(0, MANY)
  const shown = new Set(near)
  const others = passed.filter((rule) => !shown.has(rule))
  return [
    ...near.flatMap(linesOfRule),
    ...(others.length === 0 ? [] : [`${others.length}${near.length === 0 ? '' : ' more'} ${summaryOf(others)}`]),
    ...rules.slice(passed.length).flatMap(linesOfRule),
  ]
}

function summaryOf(rules: readonly RuleTrace[]): string {
  const counts = new Map<string, number>()
  for (const { failed } of rules) {
    const condition = failed[0]?.condition ?? 'nothing'
    counts.set(condition, (counts.get(condition) ?? 0) + 1)
  }
  const parts = [...counts].map(([condition, count]) => `${count} for ${condition}`)
  return `rules do not match: ${parts.join(', ')} (--all lists them)`
}

function linesOfRule({ rule, position, matched, failed, actions }: RuleTrace): string[] {
  const name = rule === position ? `rule ${rule}` : `rule ${rule} (${position})`
  if (matched) return [`${name}: yes, grants ${listed(actions)}`]
  const reasons = failed.map(reasonOf)
  return reasons.length === 1
    ? [`${name}: no: ${reasons.join('')}`]
    : [`${name}: no`, ...reasons.map((one) => `  ${one}`)]
}

function reasonOf({ condition, pattern, filled, value }: FailedCondition): string {
  const meaning = filled === pattern ? ', which nothing fills,' : `, here "${filled ?? ''}",`
  // In brackets stands what is no value: "(no label team)".
  const held = value.startsWith('(') ? value : `"${value}"`
  return `${condition}: "${pattern}"${filled === undefined ? '' : meaning} does not match ${held}`
}

function listed(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(',')
}
