// The one interface to what the registry keeps. Everything is reached through its repository, so that a right to one
// repository never reads another's content. registry/ knows tokens and what they grant; it knows no user and no rule.
import type { Readable } from 'node:stream'
import type { Digest } from '../protocol/digest.ts'

/** All repositories. A name given to `repository` has passed `isRepositoryName`. */
export interface Store {
  /** The repositories' names after `last`, compared component by component. */
  repositories(last: string): AsyncIterable<string>
  /** The repository of that name, whether it holds anything or not. */
  repository(name: string): Repository
}

export interface Repository {
  /** Whether anything was ever stored here. */
  exists(): Promise<boolean>
  readonly blobs: Blobs
  readonly manifests: Manifests
  readonly uploads: Uploads
}

/** Layers and configurations. */
export interface Blobs {
  find(digest: Digest): Promise<Blob | undefined>
  /** Makes the blob of the repository `from` one of this repository; false when that one does not hold it. */
  mount(digest: Digest, from: string): Promise<boolean>
  /** Makes the blob unknown here, and only here; false when it already was. */
  delete(digest: Digest): Promise<boolean>
}

export interface Blob {
  readonly size: number
  /** The bytes from `start` to `end`, both included. The stream holds a file open until it ends or is destroyed. */
  read(start: number, end: number): Promise<Readable>
}

/** Manifests and the tags that point to them. */
export interface Manifests {
  find(digest: Digest): Promise<Uint8Array | undefined>
  /** The digest a tag points to, whether or not that manifest is still here. */
  resolve(tag: string): Promise<Digest | undefined>
  /** Stores the bytes under their digest, then lets `tag` point to them: a reader sees the old image or the new one. */
  put(digest: Digest, bytes: Uint8Array, tag?: string): Promise<void>
  /** Deletes the manifest and every tag that points to it; false when it is not here. */
  delete(digest: Digest): Promise<boolean>
  /** Deletes the tag and nothing else; false when it is not here. */
  deleteTag(tag: string): Promise<boolean>
  /** The tags after `last`, in the order of their character codes. */
  tags(last: string): AsyncIterable<string>
}

/** Blobs on their way in. A session belongs to the repository it was started in, and one request at a time writes to it. */
export interface Uploads {
  /** Starts a session and answers its id, a UUID. */
  start(): Promise<string>
  /** The bytes received so far, or undefined for an unknown session. */
  size(id: string): Promise<number | undefined>
  /**
   * Appends the chunk and, when it names a digest, makes the whole a blob. Memory does not grow with the body. When the
   * body fails, what arrived is kept and its error is thrown. A wrong digest ends the session.
   */
  write(id: string, chunk: Chunk): Promise<Written>
  /** A whole blob in one go. Nothing of it is kept when it fails. */
  receive(body: AsyncIterable<Uint8Array>, digest: Digest): Promise<Written>
  /** Ends the session and forgets its bytes. */
  cancel(id: string): Promise<'cancelled' | 'busy' | 'unknown'>
}

export interface Chunk {
  readonly body: AsyncIterable<Uint8Array>
  /** Where the client believes the chunk begins, and its length, when it says so. */
  readonly range?: { readonly start: number; readonly length: number }
  /** Given when this chunk is the last one. */
  readonly digest?: Digest
}

/** `size` is that of the whole upload afterwards. */
export type Written =
  | { readonly outcome: 'written' | 'out-of-order'; readonly size: number }
  | { readonly outcome: 'unknown' | 'busy' | 'wrong-length' | 'wrong-digest' }
