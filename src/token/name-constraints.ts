// Which names the certificates below a CA may bear. pkijs is content when one of several names is permitted; here each one must be.
// https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10
import { OctetString } from 'asn1js'
import * as pkijs from 'pkijs'

const EMAIL = 1
const DNS = 2
const DIRECTORY = 4
const IP = 7

const SUBJECT_ALT_NAME = '2.5.29.17'
const COMMON_NAME = '2.5.4.3'
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

/** Says which name of a path (leaf first) violates a constraint above it, or undefined when none does. */
export function checkNameConstraints(path: readonly pkijs.Certificate[]): string | undefined {
  for (const [index, authority] of path.entries()) {
    for (const { parsedValue } of authority.extensions ?? []) {
      if (!(parsedValue instanceof pkijs.NameConstraints)) continue
      // A CA that renews its own key is not held to its own constraints; a leaf always is.
      const bound = path.slice(0, index).filter((each, depth) => depth === 0 || !each.subject.isEqual(each.issuer))
      const names = bound.flatMap((certificate) => namesOf(certificate, certificate === path[0]))
      const offending = names.find((name) => !isAllowed(name, parsedValue))
      if (offending !== undefined) return `a name of type ${offending.type} violates a name constraint`
    }
  }
  return undefined
}

/** The subject, its e-mail addresses, and the alternative names; like OpenSSL, a leaf's common name when no DNS name stands beside it. */
function namesOf(certificate: pkijs.Certificate, isLeaf: boolean): readonly pkijs.GeneralName[] {
  const { subject, extensions = [] } = certificate
  const alternative = extensions.flatMap(({ extnID, parsedValue }) =>
    extnID === SUBJECT_ALT_NAME && parsedValue instanceof pkijs.AltName ? parsedValue.altNames : [],
  )
  const common = isLeaf && !alternative.some(({ type }) => type === DNS) ? attributes(subject, COMMON_NAME, DNS) : []
  return [
    ...(subject.typesAndValues.length > 0 ? [new pkijs.GeneralName({ type: DIRECTORY, value: subject })] : []),
    ...attributes(subject, EMAIL_ADDRESS, EMAIL),
    ...common.filter(({ value }) => typeof value === 'string' && isHostName(value)),
    ...alternative,
  ]
}

function attributes(
  subject: pkijs.RelativeDistinguishedNames,
  oid: string,
  type: typeof EMAIL | typeof DNS,
): readonly pkijs.GeneralName[] {
  return subject.typesAndValues
    .filter((attribute) => attribute.type === oid)
    .map(({ value }) => new pkijs.GeneralName({ type, value: value.valueBlock.value }))
}

function isHostName(text: string): boolean {
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(text)
}

function isAllowed(name: pkijs.GeneralName, { permittedSubtrees, excludedSubtrees }: pkijs.NameConstraints): boolean {
  const ofItsType = (subtree: pkijs.GeneralSubtree): boolean => subtree.base.type === name.type
  const permitted = (permittedSubtrees ?? []).filter(ofItsType)
  const excluded = (excludedSubtrees ?? []).filter(ofItsType)
  if (![...permitted, ...excluded].every(isUnderstood)) return false
  const isIn = permitted.map(({ base }) => isWithin(name, base))
  const isOut = excluded.map(({ base }) => isWithin(name, base))
  return (isIn.length === 0 || isIn.includes(true)) && isOut.every((within) => within === false)
}

// URIs and rarer types are not: a certificate that bears a name of a constrained type is then refused.
function isUnderstood({ base, minimum, maximum }: pkijs.GeneralSubtree): boolean {
  return [EMAIL, DNS, DIRECTORY, IP].includes(base.type) && minimum === 0 && maximum === undefined
}

/** Undefined when the two cannot be compared: then the name is neither permitted nor spared from exclusion. */
function isWithin(name: pkijs.GeneralName, base: pkijs.GeneralName): boolean | undefined {
  const value: unknown = name.value
  const constraint: unknown = base.value
  if (value instanceof pkijs.RelativeDistinguishedNames && constraint instanceof pkijs.RelativeDistinguishedNames) {
    return constraint.typesAndValues.every((part, index) => value.typesAndValues[index]?.isEqual(part) === true)
  }
  if (value instanceof OctetString && constraint instanceof OctetString) {
    return isInNetwork(value.valueBlock.valueHexView, constraint.valueBlock.valueHexView)
  }
  if (typeof value !== 'string' || typeof constraint !== 'string') return undefined
  return base.type === EMAIL ? isMailboxWithin(value, constraint) : isHostWithin(value, constraint)
}

/** The constraint is an address followed by its mask. */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  if (network.length !== 2 * address.length) return false
  return address.every((byte, index) => {
    const mask = network[address.length + index] ?? 0
    return (byte & mask) === ((network[index] ?? 0) & mask)
  })
}

/** The constraint is one mailbox, one host, or (with a leading dot) every host of a domain. */
function isMailboxWithin(mailbox: string, constraint: string): boolean {
  const at = mailbox.lastIndexOf('@')
  const host = mailbox.slice(at + 1).toLowerCase()
  const wanted = constraint.slice(constraint.lastIndexOf('@') + 1).toLowerCase()
  if (constraint.includes('@')) return host === wanted && mailbox.slice(0, at + 1) === constraint.slice(0, at + 1)
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted
}

/** The constraint is a domain: itself and everything below it, or with a leading dot only what is below it. */
function isHostWithin(name: string, constraint: string): boolean {
  const [host, domain] = [name.toLowerCase(), constraint.toLowerCase()]
  return domain === '' || host === domain || host.endsWith(domain.startsWith('.') ? domain : `.${domain}`)
}
