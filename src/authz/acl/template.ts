// The text of a pattern taken apart: is it a glob or a regular expression, and where are its placeholders?

export const FIELDS = ['account', 'type', 'name', 'service'] as const

/** What a rule can compare and a placeholder can stand for. */
export type Field = (typeof FIELDS)[number]

/** `${account}`, `${account:1}` (a group of the same rule's expression for that field) or `${labels:teams}`; `source` is its own text. */
export type Placeholder =
  | { readonly kind: 'field'; readonly source: string; readonly field: Field }
  | { readonly kind: 'capture'; readonly source: string; readonly field: Field; readonly group: number }
  | { readonly kind: 'label'; readonly source: string; readonly label: string }

/** The texts around the placeholders, one more than there are placeholders. */
export interface Template {
  readonly kind: 'glob' | 'regex'
  readonly texts: readonly string[]
  readonly placeholders: readonly Placeholder[]
}

const PLACEHOLDER = /\$\{(?:(account|type|name|service)(?::(0|[1-9][0-9]*))?|labels:([^}]*))\}/g

/** Takes a pattern apart. It is a regular expression when it is longer than two characters and begins and ends with a slash. */
export function parseTemplate(pattern: string): Template {
  const source = regexSource(pattern)
  const body = source ?? pattern
  const texts: string[] = []
  const placeholders: Placeholder[] = []
  let end = 0
  for (const match of body.matchAll(PLACEHOLDER)) {
    texts.push(body.slice(end, match.index))
    placeholders.push(toPlaceholder(match))
    end = match.index + match[0].length
  }
  texts.push(body.slice(end))
  return { kind: source === undefined ? 'glob' : 'regex', texts, placeholders }
}

/** The expression of a pattern that is one, as it is written, or undefined for a glob. */
export function regexSource(pattern: string): string | undefined {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/') ? pattern.slice(1, -1) : undefined
}

function toPlaceholder([source, fieldName, group, label = '']: RegExpExecArray): Placeholder {
  const field = FIELDS.find((known) => known === fieldName)
  if (field === undefined) return { kind: 'label', source, label }
  return group === undefined
    ? { kind: 'field', source, field }
    : { kind: 'capture', source, field, group: Number(group) }
}

/** The parts of the pattern with every placeholder replaced, in one pass, so that a replacement is never replaced again. */
export function render(template: Template, replacement: (placeholder: number) => string): string[] {
  return template.texts.flatMap((text, index) => (index === 0 ? text : [replacement(index - 1), text]))
}
