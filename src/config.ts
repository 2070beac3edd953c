// Every section's schema composed; the files they name read; every problem reported at once, with file, line and column.
import { z } from 'zod'
import { authnSections } from './authn/index.ts'
import { authzSections, readAuthz } from './authz/index.ts'
import type { Authorizer, AuthzTools } from './authz/index.ts'
import { createAclReader } from './acl-reader.ts'
import type { AclReader } from './acl-reader.ts'
import { aclFileSections, readAclLists } from './config-acl.ts'
import type { AclLists } from './config-acl.ts'
import { authnOptions, readAuthnSections } from './config-authn.ts'
import type { AuthnSettings } from './config-authn.ts'
import { createReport, inOrder } from './config-problems.ts'
import type { Findings } from './config-problems.ts'
import { readRegistry } from './config-registry.ts'
import type { RegistrySettings } from './config-registry.ts'
import { readServer, ServerConfig } from './config-server.ts'
import type { ServerSettings } from './config-server.ts'
import { readToken } from './config-token.ts'
import type { TokenSettings } from './config-token.ts'
import { ConfigError } from './lib/errors.ts'
import type { Problem } from './lib/errors.ts'
import type { FileSet } from './lib/files.ts'
import type { Report } from './lib/report.ts'
import type { Plan } from './lib/section.ts'
import { strict } from './lib/schema.ts'
import { RegistryConfig } from './registry/config.ts'
import { TokenConfig } from './token/index.ts'

/** A configuration that can be served. */
export interface Config extends AclLists {
  readonly file: string
  readonly server: ServerSettings
  readonly token: TokenSettings
  readonly authn: AuthnSettings
  /** The other back ends that say what one may do, in the order in which they are asked. */
  readonly authz: readonly Plan<AuthzTools, Authorizer>[]
  readonly registry: RegistrySettings | undefined
  readonly warnings: readonly Problem[]
}

/** Addresses that stand in for those of the file. */
export interface Overrides {
  readonly serverAddr?: string | undefined
  readonly registryAddr?: string | undefined
}

const section = z.unknown().optional()
const OURS = [
  'server',
  'token',
  ...authnSections,
  ...authnOptions,
  'acl',
  ...aclFileSections,
  ...authzSections,
  'registry',
]

// Two schemas, so that an unknown section does not hide what is wrong with the others.
const Sections = z.record(z.string(), z.unknown(), { error: 'must be a map of keys and values' })
const SectionNames = strict(Object.fromEntries(OURS.map((name) => [name, section])))

/** Reads a configuration file and everything it names, through `files`. Throws ConfigError with all that is wrong with it. */
export async function loadConfig(file: string, files: FileSet, overrides: Overrides = {}): Promise<Config> {
  const findings: Findings = { problems: [], warnings: [] }
  const list = createAclReader(findings)
  try {
    return await readConfig(file, files, overrides, findings, list)
  } finally {
    await list.close()
  }
}

async function readConfig(
  file: string,
  files: FileSet,
  overrides: Overrides,
  findings: Findings,
  list: AclReader,
): Promise<Config> {
  const document = await list.read(await files.readText(file), file, 'config')
  const report = createReport(file, document, findings)
  const sections = report.parse([], Sections, document.value ?? {})
  if (sections === undefined) throw new ConfigError(inOrder(findings.problems))
  report.parse([], SectionNames, document.value ?? {})

  reportOverride(report.at(['server', 'addr']), sections['server'], overrides.serverAddr)
  reportOverride(report.at(['registry', 'http', 'addr']), httpOf(sections['registry']), overrides.registryAddr)
  const server = await readSection(
    report.at(['server']),
    ServerConfig,
    withAddr(sections['server'], overrides.serverAddr),
    (config, at) => readServer(config, files, at),
  )
  const token = await readSection(report.at(['token']), TokenConfig, sections['token'], (config, at) =>
    readToken(config, server, files, at),
  )
  const authn = await readAuthnSections(sections, server?.statedUrl, files, report)
  const lists = await readAclLists(list, { sections, files, report }, findings)
  const authz = await readAuthz(sections, (section) => ({ files, report: report.at([section]) }))
  const registry =
    sections['registry'] === undefined
      ? undefined
      : await readSection(
          report.at(['registry']),
          RegistryConfig,
          withRegistryAddr(sections['registry'], overrides.registryAddr),
          (config, at) => readRegistry(config, server, token, files, at),
        )
  if (!authnSections.some((name) => sections[name] !== undefined))
    report.problem([], 'nobody can log in: a users section (it may be empty) or another back end is needed')
  if (!['acl', 'acl_files', ...authzSections].some((name) => sections[name] !== undefined))
    report.problem([], 'nobody may do anything: acl or acl_files is needed (it may be empty), or another back end')
  if (findings.problems.length > 0 || server === undefined || token === undefined || authn === undefined)
    throw new ConfigError(inOrder(findings.problems))
  return { file, server, token, authn, ...lists, authz, registry, warnings: inOrder(findings.warnings) }
}

async function readSection<Parsed, Settings>(
  report: Report,
  schema: z.ZodType<Parsed>,
  value: unknown,
  read: (parsed: Parsed, report: Report) => Promise<Settings | undefined>,
): Promise<Settings | undefined> {
  if (value === undefined) {
    report.problem([], 'is required')
    return undefined
  }
  const parsed = report.parse([], schema, value)
  return parsed && read(parsed, report)
}

function withAddr(section: unknown, addr: string | undefined): unknown {
  return addr === undefined || typeof section !== 'object' ? section : { ...section, addr }
}

function withRegistryAddr(section: unknown, addr: string | undefined): unknown {
  if (addr === undefined || typeof section !== 'object') return section
  return { ...section, http: withAddr(httpOf(section), addr) }
}

function httpOf(section: unknown): unknown {
  return typeof section === 'object' && section !== null && 'http' in section ? section.http : undefined
}

function reportOverride(report: Report, section: unknown, addr: string | undefined): void {
  const written = typeof section === 'object' && section !== null && 'addr' in section ? section.addr : undefined
  if (addr !== undefined && written !== undefined && addr !== written) {
    report.warning([], `the environment says ${addr} instead`)
  }
}
