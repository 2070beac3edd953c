// The rules of RFC 5280 for a path whose signatures are known to be good. Loads pkijs, so import it only where a path needs checking.
// pkijs checks dates, names, CA flags, key usage and policies. Compared with `openssl verify` it lacks path lengths, takes any
// critical extension it can parse, and never looks at the leaf's; those, and the hashes it would not refuse, are checked here first.
import type { X509Certificate } from 'node:crypto'
import * as pkijs from 'pkijs'
import { checkNameConstraints } from './name-constraints.ts'
import { subjectOf } from './x509.ts'

// What this file, name-constraints.ts and pkijs enforce or may rightly ignore.
const KNOWN_EXTENSIONS: Readonly<Record<string, string>> = {
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.31': 'cRLDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.33': 'policyMappings',
  '2.5.29.36': 'policyConstraints',
  '2.5.29.37': 'extKeyUsage',
  '2.5.29.54': 'inhibitAnyPolicy',
}

const RSA_PSS = '1.2.840.113549.1.1.10'

// Signatures over SHA-2, and Ed25519: Go refuses MD5 and SHA-1 as well.
const STRONG_SIGNATURES = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]
const STRONG_HASHES = ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3']

/** Says what is wrong with a path (leaf first, trust anchor last) at a time in milliseconds, or undefined when nothing is. */
export async function checkPath(path: readonly X509Certificate[], at: number): Promise<string | undefined> {
  try {
    const certificates = path.map((certificate) => pkijs.Certificate.fromBER(certificate.raw))
    for (const [index, certificate] of certificates.entries()) {
      const isAnchor = index === certificates.length - 1
      const problem = checkCertificate(certificate, isAnchor) ?? checkPathLength(certificates, index)
      const named = path[index]
      if (problem !== undefined && named !== undefined) return `${subjectOf(named)}: ${problem}`
    }
    return checkNameConstraints(certificates) ?? (await runEngine(certificates, at))
  } catch (error) {
    return `a certificate cannot be parsed: ${error instanceof Error ? error.message : 'unknown reason'}`
  }
}

function checkCertificate(certificate: pkijs.Certificate, isAnchor: boolean): string | undefined {
  for (const { extnID, critical, parsedValue } of certificate.extensions ?? []) {
    const name = KNOWN_EXTENSIONS[extnID]
    if (name === undefined && critical) return `unknown critical extension ${extnID}`
    if (name === undefined) continue
    // pkijs answers an empty value with a note for one it cannot parse: constraints would silently be none.
    if (parsedValue === undefined || 'parsingError' in parsedValue) return `${name} cannot be parsed`
  }
  if (!isAnchor && !isStronglySigned(certificate)) return 'signed with a hash that is too weak'
  return undefined
}

function isStronglySigned({ signatureAlgorithm }: pkijs.Certificate): boolean {
  if (signatureAlgorithm.algorithmId !== RSA_PSS) return STRONG_SIGNATURES.includes(signatureAlgorithm.algorithmId)
  const { hashAlgorithm } = new pkijs.RSASSAPSSParams({ schema: signatureAlgorithm.algorithmParams })
  return STRONG_HASHES.includes(hashAlgorithm.algorithmId)
}

// https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9
function checkPathLength(path: readonly pkijs.Certificate[], index: number): string | undefined {
  for (const { parsedValue } of path[index]?.extensions ?? []) {
    if (!(parsedValue instanceof pkijs.BasicConstraints) || parsedValue.pathLenConstraint === undefined) continue
    const limit = parsedValue.pathLenConstraint
    if (typeof limit !== 'number' || limit < 0) return 'the path length constraint is no length'
    const below = path.slice(1, Math.max(index, 1)).filter((each) => !each.subject.isEqual(each.issuer)).length
    if (below > limit) return `allows ${limit} intermediate certificates below it, the path has ${below}`
  }
  return undefined
}

/** Runs pkijs over exactly this path: who issued whom is already known, and so is every signature. */
async function runEngine(path: readonly pkijs.Certificate[], at: number): Promise<string | undefined> {
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: path.slice(-1),
    certs: path.slice(0, -1).reverse(),
    checkDate: new Date(at),
    findIssuer: (certificate) => {
      const next = path.indexOf(certificate) + 1
      return Promise.resolve(path.slice(next, next + 1))
    },
  })
  const { result, resultMessage } = await engine.verify()
  return result ? undefined : resultMessage
}
