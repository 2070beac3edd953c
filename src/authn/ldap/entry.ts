// A person's or a group's entry, and the labels in it.
import type { Entry as FoundEntry } from 'ldapts'
import { BackendError } from '../../lib/errors.ts'
import type { Labels } from '../../protocol/identity.ts'
import type { LdapSettings } from './config.ts'
import { commonName } from './dn.ts'
import { decodeUtf8 } from './utf8.ts'

/** What a search found: the DN as the directory writes it, and values that are text, by attribute name in lower case. */
export interface Entry {
  readonly dn: string
  readonly values: (attribute: string) => readonly string[]
}

/**
 * Takes what is text from what ldapts read: as soon as one value of an attribute is not text, it hands over all of them as bytes.
 * Throws BackendError where Active Directory hands over only some of many values: a rule that denies by one of them must not be missed.
 */
export function readEntry({ dn, ...attributes }: FoundEntry): Entry {
  const ranged = Object.keys(attributes).find((name) => /;range=/i.test(name))
  if (ranged !== undefined) throw new BackendError(`the directory hands over only some values: ${ranged}`)
  const values = new Map(
    Object.entries(attributes).map(([name, value]) => [
      name.toLowerCase(),
      [value].flat().flatMap((one) => (typeof one === 'string' ? one : (decodeUtf8(one) ?? []))),
    ]),
  )
  return { dn, values: (attribute) => values.get(attribute.toLowerCase()) ?? [] }
}

/** The labels of an entry. `parse_cn` takes the common name of a DN; a value that has none stays as it is. */
export function readLabels(labels: LdapSettings['labels'], entry: Entry): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, { attribute, parse_cn, lower_case }]) => {
      const shorten = (value: string): string => (parse_cn ? (commonName(value) ?? value) : value)
      const spell = (value: string): string => (lower_case ? value.toLowerCase() : value)
      return [name, entry.values(attribute).map((value) => spell(shorten(value)))]
    }),
  )
}

/** What a search has to ask for, at least one name: `1.1` is none. https://www.rfc-editor.org/rfc/rfc4511#section-4.5.1.8 */
export function neededAttributes({ labels, account }: Pick<LdapSettings, 'labels' | 'account'>): readonly string[] {
  const names = [...Object.values(labels), ...(account === undefined ? [] : [account])].map(
    ({ attribute }) => attribute,
  )
  return names.length === 0 ? ['1.1'] : [...new Set(names)]
}
