// The floor plan of ARCHITECTURE.md as code: which file may import which, and how every file looks. Knows nothing of the disk.
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'

/** A source file: its path from src/, such as `auth/handler.ts`, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

const ROOMS = ['authn', 'authz', 'token']
const DOORS = ['auth', 'login', 'registry', 'cli']
const TOOLS = ['protocol', 'lib']
const ROOF = ''

/** The one file that may import what only a configuration names. */
const PLUGINS = 'lib/plugin.ts'

/** Folder to the folders it may import, besides itself. The roof may import all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  protocol: ['lib'],
  authn: TOOLS,
  authz: TOOLS,
  token: TOOLS,
  auth: [...ROOMS, ...TOOLS],
  login: ['authn', ...TOOLS],
  registry: ['token', ...TOOLS],
  cli: [...ROOMS, ...TOOLS],
  [ROOF]: [...DOORS, ...ROOMS, ...TOOLS],
}

/** Every violation of the floor plan, one sentence each. */
export function violations(files: readonly SourceFile[]): string[] {
  const parsed = files.map((file) => ({ ...file, ...parse(file) }))
  const known = new Set(files.map(({ path }) => path))
  return [
    ...parsed.flatMap(({ path, text }) =>
      beginsWithSentence(text) ? [] : [`${path} does not begin with a comment sentence`],
    ),
    ...parsed.flatMap(({ path, remarks }) => remarks.map((remark) => `${path} ${remark}`)),
    ...parsed.flatMap(({ path, imports }) =>
      imports.flatMap((specifier) => refusal(path, specifier, known) ?? []).map((reason) => `${path} ${reason}`),
    ),
    ...cycles(
      new Map(parsed.map(({ path, imports }) => [path, imports.flatMap((name) => ownTarget(path, name) ?? [])])),
    ),
  ]
}

function parse({ path, text }: SourceFile): { imports: string[]; remarks: string[] } {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
  const imports: string[] = []
  const remarks: string[] = []
  const take = (node: ts.Expression | undefined): void => {
    if (node !== undefined && ts.isStringLiteral(node)) imports.push(node.text)
    else if (path !== PLUGINS) remarks.push('imports something that is not written out')
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) take(node.moduleSpecifier)
    if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) take(node.moduleSpecifier)
    if (ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)))
      remarks.push('has an export *')
    if (ts.isExportAssignment(node) || isDefault(node)) remarks.push('has a default export')
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) take(node.arguments[0])
    if (ts.isImportTypeNode(node))
      take(
        ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)
          ? node.argument.literal
          : undefined,
      )
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { imports, remarks }
}

function isDefault(node: ts.Node): boolean {
  if (ts.isExportSpecifier(node)) return node.name.text === 'default'
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  )
}

/** Its first line, after `#!`, is a `//` comment, and the comment holds a whole sentence. */
function beginsWithSentence(text: string): boolean {
  const [comment = ''] = /^(?:\/\/ .*\n)+/.exec(text.replace(/^#!.*\n/, '')) ?? []
  return /^\/\/ \w[^]*[.?!](?:\s|$)/.test(comment)
}

/** Why this import may not be, or undefined. */
function refusal(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  const folder = folderOf(from)
  const target = ownTarget(from, specifier)
  if (target === undefined) return packageRefusal(folder, specifier)
  if (!known.has(target)) return `imports ${specifier}, which is not there`
  const other = folderOf(target)
  if (other === folder) return undefined
  if (MAY_IMPORT[folder]?.includes(other) !== true)
    return `imports ${target}: ${folder} may not know ${other || 'the roof'}`
  const index = `${other}/index.ts`
  return ROOMS.includes(other) && target !== index ? `imports ${target}: a room is entered through ${index}` : undefined
}

function packageRefusal(folder: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined
  if (builtinModules.includes(specifier)) return `imports ${specifier} without its node:`
  if (folder === 'protocol') return `imports ${specifier}: protocol knows no packages`
  const isExpress = specifier === 'express' || specifier.startsWith('express/')
  return isExpress && ![ROOF, ...DOORS].includes(folder) ? `imports express: only doors and the roof may` : undefined
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? ROOF) : ROOF
}

function ownTarget(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

/** One sentence for each import that closes a circle. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, above: readonly string[]): void => {
    const start = above.indexOf(path)
    if (start >= 0) found.push(`a circle: ${[...above.slice(start), path].join(' -> ')}`)
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...above, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}
