// Whether the bundle vouches for a certificate that came with a token. Paths are found and signatures checked here, with Node's
// OpenSSL; path-rules.ts checks everything else, and is loaded only when a chain needs it.
import type { X509Certificate } from 'node:crypto'
import { isValidAt, publicKeyOf, subjectOf, validityOf } from './x509.ts'

// Certificates that all bear one name could be tried in any order; Go stops at a hundred signatures as well.
const MAX_STEPS = 100

export type PathValidation =
  { readonly ok: true; readonly path: readonly X509Certificate[] } | { readonly ok: false; readonly reason: string }

/**
 * Validates `chain` (leaf first, then intermediates in any order) against the bundle at a time in milliseconds. A leaf that is
 * itself in the bundle needs its dates only (the admin trusts that very certificate, whatever it says of itself); otherwise a path to any certificate of the bundle, self-signed or not, must pass
 * RFC 5280, section 6, whatever the extended key usage. `path` runs from the leaf to the bundle.
 */
export async function validatePath(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  at: number,
): Promise<PathValidation> {
  const [leaf, ...intermediates] = chain
  if (leaf === undefined) return { ok: false, reason: 'no certificate' }
  if (roots.some((root) => root.raw.equals(leaf.raw))) return checkOwnDates(leaf, at)
  let reason = `no path from ${subjectOf(leaf)} to a certificate of the bundle`
  for (const path of findPaths(leaf, intermediates, roots)) {
    const { checkPath } = await import('./path-rules.ts')
    const problem = await checkPath(path, at)
    if (problem === undefined) return { ok: true, path }
    reason = problem
  }
  return { ok: false, reason }
}

function checkOwnDates(leaf: X509Certificate, at: number): PathValidation {
  if (isValidAt(validityOf(leaf), at)) return { ok: true, path: [leaf] }
  return { ok: false, reason: `${subjectOf(leaf)} is valid from ${leaf.validFrom} to ${leaf.validTo}` }
}

/** Every path of good signatures. Only keys that already lead to the bundle are used, so made-up certificates cost no verification. */
function* findPaths(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): Generator<readonly X509Certificate[]> {
  let steps = 0

  function* from(
    certificate: X509Certificate,
    unused: readonly X509Certificate[],
  ): Generator<readonly X509Certificate[]> {
    for (const root of roots) {
      if (!certificate.checkIssued(root) || ++steps > MAX_STEPS) continue
      if (isSignedBy(certificate, root)) yield [certificate, root]
    }
    for (const issuer of unused) {
      if (!certificate.checkIssued(issuer) || ++steps > MAX_STEPS) continue
      const rest = unused.filter((each) => each !== issuer)
      for (const path of from(issuer, rest)) if (isSignedBy(certificate, issuer)) yield [certificate, ...path]
    }
  }

  yield* from(leaf, intermediates)
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const key = publicKeyOf(issuer)
  return key !== undefined && certificate.verify(key)
}
