// Filters and names with `${account}` and `${dn}` in them, filled so that what is put in stays a value.

/** Active Directory's rule that follows groups of groups. */
export const IN_CHAIN = '1.2.840.113556.1.4.1941'

type Values = Readonly<Partial<Record<'account' | 'dn', string>>>

/** Fills a search filter. https://www.rfc-editor.org/rfc/rfc4515#section-3 */
export function fillFilter(template: string, values: Values): string {
  return fill(template, values, escapeFilterValue)
}

/** Fills the name to bind with: values are escaped where the template makes it a DN, and not in `${account}@example.com`. */
export function fillName(template: string, account: string): string {
  const isDn = template.slice(0, template.indexOf('${account}')).includes('=')
  return fill(template, { account }, isDn ? escapeDnValue : (value) => value)
}

/** Whether the template names this value. */
export function holds(template: string, value: keyof Values): boolean {
  return template.includes(`\${${value}}`)
}

// All in one pass: what was put in is not looked at again.
function fill(template: string, values: Values, escape: (value: string) => string): string {
  return template.replaceAll(/\$\{(?:account|dn)\}/g, (name) => {
    const value = name === '${dn}' ? values.dn : values.account
    return value === undefined ? name : escape(value)
  })
}

function escapeFilterValue(value: string): string {
  return value.replaceAll(/[\\*()\0]/g, (special) => `\\${hex(special)}`)
}

// https://www.rfc-editor.org/rfc/rfc4514#section-2.4
function escapeDnValue(value: string): string {
  return value.replaceAll(/["+,;<>=\\\0]|^[ #]| $/g, (special) => (special === '\0' ? '\\00' : `\\${special}`))
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0')
}

/** The filter with escaped bytes that make up UTF-8 text (`\c3\a4`) as that text, as ldapts needs it; undefined when they do not. */
export function readableEscapes(filter: string): string | undefined {
  try {
    return filter.replaceAll(/(?:\\[89a-f][0-9a-f])+/gi, (bytes) =>
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes.replaceAll('\\', ''), 'hex')),
    )
  } catch {
    return undefined
  }
}

/** What is wrong with a filter, or undefined. */
export async function describeBadFilter(template: string): Promise<string | undefined> {
  const { FilterParser } = await import('ldapts')
  try {
    FilterParser.parseString(fillFilter(template, { account: 'x', dn: 'x' }))
    return undefined
  } catch (error) {
    return `is no LDAP filter: ${error instanceof Error ? error.message : String(error)}`
  }
}
