// The digest of some content: an algorithm and exactly as many hexadecimal digits as that algorithm yields.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests

const HEX_LENGTH = { sha256: 64, sha512: 128 } as const

export type DigestAlgorithm = keyof typeof HEX_LENGTH

/** Only `parseDigest` and a hash make one, so that its parts are safe as file names. */
export interface Digest {
  readonly algorithm: DigestAlgorithm
  readonly hex: string
}

/** Parses `sha256:<64 hex>` or `sha512:<128 hex>` (lower case), or answers undefined. */
export function parseDigest(text: string): Digest | undefined {
  const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]+)$/.exec(text) ?? []
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return undefined
  return hex?.length === HEX_LENGTH[algorithm] ? { algorithm, hex } : undefined
}

/** The digest in its wire form. */
export function formatDigest(digest: Digest): string {
  return `${digest.algorithm}:${digest.hex}`
}
