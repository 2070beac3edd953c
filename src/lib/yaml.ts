// YAML as docker_auth reads it: every scalar is its source text, null is absent, and every value knows where it stands.
import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml'
import type { Event, ScalarEvent } from 'js-yaml'
import { ConfigError } from './errors.ts'
import { positionOf, startsOfLines } from './lines.ts'
import type { Position } from './lines.ts'

export type YamlPath = readonly (string | number)[]

/** A parsed document as plain data, which one thread can hand to another. */
export interface YamlParts {
  readonly root: YamlNode
  /** The offset at which each line begins. */
  readonly lineStarts: readonly number[]
  readonly duplicates: YamlDocument['duplicates']
}

/** A parsed document. `value` is made of strings, arrays and maps; map members that were null are left out. */
export interface YamlDocument {
  readonly value: unknown
  /** Keys that stand twice in one map; the last one won. */
  readonly duplicates: readonly { readonly path: YamlPath; readonly position: Position }[]
  /** Where the value (or, for a map member, its key) at this path stands, or the nearest value above it. */
  readonly locate: (path: YamlPath) => Position
}

export type YamlNode =
  | { readonly kind: 'scalar'; readonly start: number; readonly size: number; readonly value: string | null }
  | { readonly kind: 'list'; readonly start: number; readonly size: number; readonly items: readonly YamlNode[] }
  | {
      readonly kind: 'map'
      readonly start: number
      readonly size: number
      readonly members: ReadonlyMap<string, Member>
    }

interface Member {
  readonly keyStart: number
  readonly node: YamlNode
}

// An alias costs nothing to parse and everything to walk ("billion laughs"): what aliases repeat is counted and capped.
const MAX_REPEATED = 100_000

/** Parses one YAML document. Throws ConfigError, naming `file`, line and column, when it is none. */
export function parseYaml(source: string, file: string): YamlDocument {
  return assembleYaml(parseYamlParts(source, file))
}

/** A document of its parts. */
export function assembleYaml({ root, lineStarts, duplicates }: YamlParts): YamlDocument {
  return {
    value: toValue(root),
    duplicates,
    locate: (path) => positionOf(lineStarts, locate(root, path)),
  }
}

/** The parts with nothing left in this list of the outermost map. */
export function withEmptyList(parts: YamlParts, key: string): YamlParts {
  const { root } = parts
  const member = root.kind === 'map' ? root.members.get(key) : undefined
  if (root.kind !== 'map' || member?.node.kind !== 'list') return parts
  const emptied: Member = { ...member, node: { ...member.node, size: 1, items: [] } }
  return { ...parts, root: { ...root, members: new Map([...root.members, [key, emptied]]) } }
}

/** Parses without assembling. Throws like parseYaml. */
export function parseYamlParts(source: string, file: string): YamlParts {
  const lineStarts = startsOfLines(source)
  const fail = (message: string, offset: number): never => {
    throw new ConfigError([{ message, file, ...positionOf(lineStarts, Math.max(0, offset)) }])
  }
  const events = readEvents(source, file)
  const duplicates: { path: YamlPath; position: Position }[] = []
  const anchors = new Map<string, YamlNode>()
  let next = 0
  let repeated = 0

  function readNode(path: YamlPath): YamlNode {
    const event = events[next++]
    if (event?.type === EVENT_ID.ALIAS) return readAlias(event)
    if (event?.type === EVENT_ID.SCALAR)
      return remember(event, { kind: 'scalar', start: scalarStart(event), size: 1, value: readScalar(event) })
    if (event?.type === EVENT_ID.SEQUENCE) return remember(event, readList(event.start, path))
    if (event?.type === EVENT_ID.MAPPING) return remember(event, readMap(event.start, path))
    return fail('unexpected end of the document', source.length)
  }

  function remember(event: Anchored, node: YamlNode): YamlNode {
    if (event.anchorStart >= 0) anchors.set(source.slice(event.anchorStart, event.anchorEnd), node)
    return node
  }

  function readAlias(event: { anchorStart: number; anchorEnd: number }): YamlNode {
    const name = source.slice(event.anchorStart, event.anchorEnd)
    const node =
      anchors.get(name) ??
      fail('this alias names no anchor above it; a value that begins with * needs quotes', event.anchorStart)
    repeated += node.size
    if (repeated > MAX_REPEATED) fail(`aliases repeat more than ${MAX_REPEATED} values`, event.anchorStart)
    return node
  }

  function readScalar(event: ScalarEvent): string | null {
    const value = getScalarValue(source, event)
    const tag = event.tagStart < 0 ? undefined : source.slice(event.tagStart, event.tagEnd)
    if (tag === undefined)
      return event.style === SCALAR_STYLE.PLAIN && /^(?:|~|null|Null|NULL)$/.test(value) ? null : value
    if (/^!!(?:str|int|bool|float)$|^!$/.test(tag)) return value
    if (tag === '!!null') return null
    return fail('this tag is not supported; a value that begins with ! needs quotes', event.tagStart)
  }

  function readList(start: number, path: YamlPath): YamlNode {
    const items: YamlNode[] = []
    while (!atEnd()) items.push(readNode([...path, items.length]))
    return { kind: 'list', start, size: 1 + total(items), items }
  }

  function readMap(start: number, path: YamlPath): YamlNode {
    const members = new Map<string, Member>()
    const merged: YamlNode[] = []
    while (!atEnd()) {
      const keyEvent = events[next++]
      if (keyEvent?.type !== EVENT_ID.SCALAR) return fail('a key must be a single value', start)
      const key = getScalarValue(source, keyEvent)
      const keyStart = Math.max(0, scalarStart(keyEvent))
      const memberPath = [...path, key]
      const node = readNode(memberPath)
      if (key === '<<' && keyEvent.style === SCALAR_STYLE.PLAIN) merged.push(node)
      else {
        if (members.has(key)) duplicates.push({ path: memberPath, position: positionOf(lineStarts, keyStart) })
        members.set(key, { keyStart, node })
      }
    }
    for (const node of merged) merge(members, node)
    return { kind: 'map', start, size: 1 + total([...members.values()].map((member) => member.node)), members }
  }

  function merge(members: Map<string, Member>, from: YamlNode): void {
    if (from.kind === 'list') for (const item of from.items) merge(members, item)
    else if (from.kind === 'map') for (const [key, member] of from.members) members.set(key, members.get(key) ?? member)
    else fail('a merge key (<<) takes a map or a list of maps', from.start)
  }

  function atEnd(): boolean {
    if (events[next]?.type !== EVENT_ID.POP) return false
    next++
    return true
  }

  const documents = events.flatMap((event, index) => (event.type === EVENT_ID.DOCUMENT ? [index] : []))
  if (documents[1] !== undefined)
    fail('a second YAML document begins here; only one is read', eventStart(events[documents[1] + 1]) ?? source.length)
  next = 1
  const root: YamlNode = documents.length === 0 || events[1]?.type === EVENT_ID.POP ? EMPTY : readNode([])
  return { root, lineStarts, duplicates }
}

interface Anchored {
  readonly anchorStart: number
  readonly anchorEnd: number
}

const EMPTY: YamlNode = { kind: 'scalar', start: 0, size: 1, value: null }

function readEvents(source: string, file: string): Event[] {
  try {
    return parseEvents(source, { filename: file })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const mark = error.mark
    throw new ConfigError([
      { message: error.reason, file, ...(mark === undefined ? {} : { line: mark.line + 1, column: mark.column + 1 }) },
    ])
  }
}

function eventStart(event: Event | undefined): number | undefined {
  if (event?.type === EVENT_ID.SEQUENCE || event?.type === EVENT_ID.MAPPING) return event.start
  return event?.type === EVENT_ID.SCALAR && event.valueStart >= 0 ? scalarStart(event) : undefined
}

/** -1 for a null of which nothing is written. */
function scalarStart(event: ScalarEvent): number {
  if (event.valueStart < 0) return Math.max(event.anchorStart, event.tagStart)
  return event.style === SCALAR_STYLE.PLAIN ? event.valueStart : Math.max(0, event.valueStart - 1)
}

function total(nodes: readonly YamlNode[]): number {
  return nodes.reduce((sum, node) => sum + node.size, 0)
}

function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toValue)
  const members = [...node.members].map(([key, member]) => [key, toValue(member.node)] as const)
  return Object.fromEntries(members.filter(([, value]) => value !== null))
}

function locate(root: YamlNode, path: YamlPath): number {
  let node = root
  let start = Math.max(0, root.start)
  for (const step of path) {
    const member = node.kind === 'map' ? node.members.get(String(step)) : undefined
    const item = node.kind === 'list' ? node.items[Number(step)] : undefined
    const found = member?.node ?? item
    if (found === undefined) break
    node = found
    start = member?.keyStart ?? (found.start < 0 ? start : found.start)
  }
  return start
}
