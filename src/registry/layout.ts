// Where things are on disk: Distribution's own directory layout, so that a real registry can be started on the same folder.
// Paths only; whether anything is there is not known here.
import { join } from 'node:path'
import type { Digest } from '../protocol/digest.ts'

/** The paths below one root directory. Names, tags, digests and ids must have passed their grammar before they come here. */
export interface Layout {
  /** All repositories, or one of them, or a folder of several whose names begin alike. */
  repository(name: string): string
  blob(digest: Digest): string
  layerLink(name: string, digest: Digest): string
  revisionLink(name: string, digest: Digest): string
  tags(name: string): string
  tag(name: string, tag: string): string
  tagLink(name: string, tag: string): string
  /** Distribution remembers here every manifest the tag ever pointed to. */
  tagHistoryLink(name: string, tag: string, digest: Digest): string
  /** One upload session. */
  upload(name: string, id: string): string
}

/** The directories that make a directory a repository. */
export const REPOSITORY_PARTS: readonly string[] = ['_layers', '_manifests']

/** The layout below `root`, the configuration's `rootdirectory`. */
export function createLayout(root: string): Layout {
  const base = join(root, 'docker', 'registry', 'v2')
  const repository = (name: string): string => join(base, 'repositories', name)
  const tags = (name: string): string => join(repository(name), '_manifests', 'tags')
  const tag = (name: string, tag: string): string => join(tags(name), tag)
  return {
    repository,
    blob: ({ algorithm, hex }) => join(base, 'blobs', algorithm, hex.slice(0, 2), hex, 'data'),
    layerLink: (name, { algorithm, hex }) => join(repository(name), '_layers', algorithm, hex, 'link'),
    revisionLink: (name, { algorithm, hex }) =>
      join(repository(name), '_manifests', 'revisions', algorithm, hex, 'link'),
    tags,
    tag,
    tagLink: (name, text) => join(tag(name, text), 'current', 'link'),
    tagHistoryLink: (name, text, { algorithm, hex }) => join(tag(name, text), 'index', algorithm, hex, 'link'),
    upload: (name, id) => join(repository(name), '_uploads', id),
  }
}
