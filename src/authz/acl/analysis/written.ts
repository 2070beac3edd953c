// The patterns of a rule as they are written, and how a better one is written in their place.
import type { AclEntryConfig } from '../config.ts'
import { FIELDS } from '../template.ts'

/** A pattern and the path that leads to it from its rule. */
export interface WrittenPattern {
  readonly path: readonly (string | number)[]
  readonly source: string
}

/** All patterns under a rule's `match` but its networks. */
export function patternsOf(match: AclEntryConfig['match']): WrittenPattern[] {
  const required = Object.entries(match.requires_labels ?? {}).flatMap(([label, sources]) =>
    typeof sources === 'string'
      ? { path: ['match', 'requires_labels', label], source: sources }
      : sources.map((source, index) => ({ path: ['match', 'requires_labels', label, index], source })),
  )
  return [
    ...FIELDS.flatMap((field) => (match[field] === undefined ? [] : { path: ['match', field], source: match[field] })),
    ...Object.entries(match.labels ?? {}).map(([label, source]) => ({ path: ['match', 'labels', label], source })),
    ...required,
  ]
}

/** A pattern as YAML that can be pasted: `name: '/^a$/'`, without a key inside a list. */
export function writeFix(path: WrittenPattern['path'], pattern: string): string {
  const key = path.at(-1)
  const text = `'${pattern.replaceAll("'", "''")}'`
  return typeof key === 'string' ? `${key}: ${text}` : text
}
