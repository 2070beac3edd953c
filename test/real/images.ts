// Images made on the spot, without a network: OCI layouts and an archive for `docker load`, from real tar and gzip bytes.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const hexOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const digestOf = (bytes: Uint8Array): string => `sha256:${hexOf(bytes)}`
const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** Bytes that do not compress and are the same every time for one seed. */
const noise = (seed: string, size: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, at) =>
    createHash('sha512').update(`${seed}/${at}`).digest(),
  )
  return Buffer.concat(blocks).subarray(0, size)
}

/** One ustar entry: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
const tarEntry = (name: string, content: Uint8Array): Buffer => {
  const header = Buffer.alloc(512)
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(name, 0)
  header.write(octal(0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(content.length, 11), 124)
  header.write(octal(1_700_000_000, 11), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)} `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

const tar = (files: Readonly<Record<string, Uint8Array>>): Buffer =>
  Buffer.concat([...Object.entries(files).map(([name, bytes]) => tarEntry(name, bytes)), Buffer.alloc(1024)])

/** The layers of the image of one architecture: one is shared with every other, one is larger than any buffer on its way. */
const layersOf = (architecture: string): Buffer[] => [
  tar({ 'etc/shared': noise('shared', 4_000) }),
  tar({ [`bin/${architecture}`]: noise(architecture, 5_000_000) }),
  tar({ 'etc/arch': Buffer.from(architecture) }),
]

const configOf = (architecture: string, layers: readonly Uint8Array[]): Buffer =>
  jsonOf({
    architecture,
    os: 'linux',
    created: '2024-01-01T00:00:00Z',
    config: { Cmd: [`/bin/${architecture}`] },
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
    history: layers.map((_, at) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${at}` })),
  })

export interface Layout {
  readonly folder: string
  /** The target of the tag `image`: three layers, linux/amd64. */
  readonly image: Descriptor
  readonly layers: readonly Descriptor[]
  /** The target of the tag `index`: linux/amd64 (the same image) and linux/arm64. */
  readonly index: Descriptor
}

/** Writes an OCI image layout with these tags: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md */
export const writeLayout = (folder: string, tags: readonly ('image' | 'index')[] = ['image', 'index']): Layout => {
  const blobs = join(folder, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  const store = (type: string, bytes: Uint8Array): Descriptor => {
    writeFileSync(join(blobs, hexOf(bytes)), bytes)
    return { mediaType: `application/vnd.oci.image.${type}`, digest: digestOf(bytes), size: bytes.length }
  }
  const image = (architecture: string): { manifest: Descriptor; layers: Descriptor[] } => {
    const plain = layersOf(architecture)
    const layers = plain.map((bytes) => store('layer.v1.tar+gzip', gzipSync(bytes, { level: 1 })))
    const config = store('config.v1+json', configOf(architecture, plain))
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    return { layers, manifest: store('manifest.v1+json', jsonOf({ schemaVersion: 2, mediaType, config, layers })) }
  }
  const amd64 = image('amd64')
  const manifests = [
    { ...amd64.manifest, platform: { architecture: 'amd64', os: 'linux' } },
    { ...image('arm64').manifest, platform: { architecture: 'arm64', os: 'linux' } },
  ]
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const index = store('index.v1+json', jsonOf({ schemaVersion: 2, mediaType, manifests }))
  const tagged = tags.map((tag) => ({
    ...{ image: amd64.manifest, index }[tag],
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(join(folder, 'index.json'), jsonOf({ schemaVersion: 2, manifests: tagged }))
  return { folder, image: amd64.manifest, layers: amd64.layers, index }
}

/** What all blobs of an OCI layout hash to, read back from the disk: equal lists are identical bytes. */
export const contentOf = (folder: string): string[] => {
  const blobs = join(folder, 'blobs', 'sha256')
  return readdirSync(blobs)
    .map((name) => hexOf(readFileSync(join(blobs, name))))
    .sort()
}

/** Writes an archive for `docker load` that holds one two-layer image of that name. */
export const writeArchive = (file: string, name: string): void => {
  const layers = layersOf('amd64').slice(0, 2)
  const files = Object.fromEntries(layers.map((bytes, at) => [`${at}/layer.tar`, bytes]))
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: Object.keys(files) }]
  writeFileSync(file, tar({ 'config.json': configOf('amd64', layers), ...files, 'manifest.json': jsonOf(manifest) }))
}
