// Distinguished names, as far as a common name is looked for in them.
import { decodeUtf8 } from './utf8.ts'

/**
 * The value of the first CN of a DN, or of any other of its spellings (`2.5.4.3`); undefined when the text is no DN or has none.
 * https://www.rfc-editor.org/rfc/rfc4514#section-3, and the quotes of RFC 2253
 */
export function commonName(dn: string): string | undefined {
  if (dn.length > MAX_LENGTH) return undefined
  let found: string | undefined
  let rest = dn
  for (;;) {
    const [matched, type, value = '', end] = ATTRIBUTE.exec(rest) ?? []
    if (matched === undefined || type === undefined) return undefined
    if (CN.test(type)) found ??= readValue(value)
    if (end === '') return found
    rest = rest.slice(matched.length)
  }
}

// The pattern's time grows with the square of a run of spaces.
const MAX_LENGTH = 4096
const ATTRIBUTE =
  /^ *([a-z][\w-]*|(?:oid\.)?\d+(?:\.\d+)*) *= *(#(?:[0-9a-f]{2})+|"(?:[^"\\]|\\.)*"|(?:[^"+,;<>\\\0]|\\.)*?) *(?:[,;+]|($))/isu
const CN = /^(?:cn|commonName|(?:oid\.)?2\.5\.4\.3)$/i

function readValue(value: string): string | undefined {
  if (value.startsWith('#')) return readBer(Buffer.from(value.slice(1), 'hex'))
  const bare = value.startsWith('"') ? value.slice(1, -1) : value
  return decodeUtf8(Buffer.concat(bare.split(/((?:\\[0-9a-f]{2})+|\\.)/isu).map(readPiece)))
}

function readPiece(piece: string): Buffer {
  if (/^(?:\\[0-9a-f]{2})+$/i.test(piece)) return Buffer.from(piece.replaceAll('\\', ''), 'hex')
  return Buffer.from(piece.startsWith('\\') ? piece.slice(1) : piece)
}

// A string type of BER with a short length: longer names are not written so.
function readBer(bytes: Buffer): string | undefined {
  const [tag, length] = bytes
  const isText = tag === 0x04 || tag === 0x0c || tag === 0x13 || tag === 0x16
  return isText && length === bytes.length - 2 && length < 0x80 ? decodeUtf8(bytes.subarray(2)) : undefined
}
