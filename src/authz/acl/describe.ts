// What an explanation says about a condition that does not hold.
import { holds, isLabelKey } from './condition.ts'
import type { Condition, TextCondition } from './condition.ts'
import { fixedFillings } from './fillings.ts'
import { conditionsOf } from './rule.ts'
import type { Rule } from './rule.ts'
import { FIELDS, render } from './template.ts'
import { DAYS } from './time.ts'
import type { FailedCondition } from './trace.ts'
import { valueOf } from './walk.ts'
import type { Walk } from './walk.ts'

const ORDER: readonly Condition['on'][] = [...FIELDS, 'labels', 'requires_labels', 'ip', 'time']

/** Every condition of the rule that does not hold, in the order account, type, name, service, labels, requires_labels, ip, time. */
export function failedConditions(rule: Rule, walk: Walk): FailedCondition[] {
  return conditionsOf(rule)
    .filter((condition) => !holds(condition, walk))
    .sort((one, other) => ORDER.indexOf(one.on) - ORDER.indexOf(other.on))
    .map((condition) => describe(condition, walk))
}

/** The condition that could not be told, because the label values have too many combinations. */
export function undecidedConditions(rule: Rule): FailedCondition[] {
  return conditionsOf(rule).flatMap((condition) =>
    condition.kind === 'open' ? { condition: nameOf(condition), pattern: condition.written, value: UNDECIDED } : [],
  )
}

const UNDECIDED = '(the label values have too many combinations to tell: denied)'

function describe(condition: Condition, walk: Walk): FailedCondition {
  if ('captures' in condition) {
    const described = { condition: nameOf(condition), pattern: condition.written }
    const filled = filledText(condition, walk)
    const value = valueText(condition, walk)
    return filled === undefined ? { ...described, value } : { ...described, filled, value }
  }
  if (condition.on === 'time')
    return { condition: 'time', pattern: timeText(condition.written), value: localText(walk.now) }
  return { condition: 'ip', pattern: [condition.written].flat().join(', '), value: walk.request.ip || '(no address)' }
}

function nameOf(condition: TextCondition): string {
  return isLabelKey(condition.on) ? `${condition.on}.${condition.label}` : condition.on
}

function valueText({ on, label }: TextCondition, { request }: Walk): string {
  if (!isLabelKey(on)) return valueOf(request, on)
  const { labels } = request.identity
  const values = Object.hasOwn(labels, label) ? labels[label] : undefined
  if (values === undefined) return `(no label ${label})`
  return values.length === 0 ? `(label ${label} without a value)` : listText(values)
}

// Values stand here as they are; in the pattern that is matched they are quoted.
function filledText(condition: TextCondition, walk: Walk): string | undefined {
  const { on, pattern, captures } = condition
  if (pattern?.kind !== 'open') return undefined
  const { labels } = walk.request.identity
  const fillings = fixedFillings(pattern, walk.request, captures)
  const body = render(pattern.template, (index) => {
    const placeholder = pattern.template.placeholders[index]
    const filling = fillings[index]?.text ?? ''
    if (isLabelKey(on) || placeholder?.kind !== 'label' || !Object.hasOwn(labels, placeholder.label)) return filling
    return `{${listText(labels[placeholder.label] ?? [])}}`
  }).join('')
  return pattern.template.kind === 'regex' ? `/${body}/` : body
}

const SHOWN = 10

function listText(values: readonly string[]): string {
  const shown = values.slice(0, SHOWN).join(', ')
  return values.length > SHOWN ? `${shown} and ${values.length - SHOWN} more` : shown
}

function timeText({ after, before, days }: Extract<Condition, { on: 'time' }>['written']): string {
  const parts = [
    after === undefined ? [] : `after ${after}`,
    before === undefined ? [] : `before ${before}`,
    days === undefined ? [] : `on ${days.join(', ')}`,
  ]
  return parts.flat().join(' ')
}

// By the clock of this process, as the condition is.
function localText(now: number): string {
  const at = new Date(now)
  const two = (part: number): string => String(part).padStart(2, '0')
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${DAYS[(at.getDay() + 6) % 7] ?? ''} ${date} ${two(at.getHours())}:${two(at.getMinutes())}`
}
