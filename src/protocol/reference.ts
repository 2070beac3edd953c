// The grammar of repository names, tags and references.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
import type { Digest } from './digest.ts'
import { parseDigest } from './digest.ts'

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'

/** The source of a regular expression for a repository name; it says nothing of the length, which `isRepositoryName` checks. */
export const REPOSITORY_NAME = `${COMPONENT}(?:/${COMPONENT})*`

const WHOLE_NAME = new RegExp(`^${REPOSITORY_NAME}$`)

/** Whether this names a repository: the grammar, and at most 255 characters. */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && WHOLE_NAME.test(text)
}

/** Whether this is a tag. */
export function isTag(text: string): boolean {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text)
}

/** What names a manifest within its repository. */
export type Reference =
  { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'digest'; readonly digest: Digest }

/** Parses a tag or a digest, or answers undefined when it is neither. A colon never stands in a tag. */
export function parseReference(text: string): Reference | undefined {
  if (isTag(text)) return { kind: 'tag', tag: text }
  const digest = parseDigest(text)
  return digest && { kind: 'digest', digest }
}
