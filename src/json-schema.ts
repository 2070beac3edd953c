// The JSON Schemas of the files that admins edit, made of the very schemas that those files are read with.
import { z } from 'zod'
import { authnSections } from './authn/index.ts'
import { AclConfig, AclFileConfig, AclTestFileConfig, authzSections, readAuthz } from './authz/index.ts'
import { AclFilesConfig, AclShadowConfig } from './config-acl.ts'
import { authnOptions, readAuthnSections } from './config-authn.ts'
import { ServerConfig } from './config-server.ts'
import { KEY_DESCRIPTIONS } from './key-descriptions.ts'
import { createFileSet } from './lib/files.ts'
import { toJsonSchema } from './lib/json-schema.ts'
import type { JsonSchema } from './lib/json-schema.ts'
import type { Report } from './lib/report.ts'
import type { YamlPath } from './lib/yaml.ts'
import { RegistryConfig } from './registry/config.ts'
import { TokenConfig } from './token/index.ts'

// What YAML language servers read best. https://json-schema.org/draft-07
const DRAFT = 'http://json-schema.org/draft-07/schema#' as const

const describeKey = (path: string): string | undefined => KEY_DESCRIPTIONS[path]

/** By the kind of file. */
export const jsonSchemas = { config: configJsonSchema, acl: aclJsonSchema } as const

/** Of a configuration. */
async function configJsonSchema(): Promise<JsonSchema> {
  const Config = z.strictObject({
    server: ServerConfig,
    token: TokenConfig,
    ...optional(await authnShape()),
    acl: AclConfig.optional(),
    acl_files: AclFilesConfig.optional(),
    acl_tests: AclFilesConfig.optional(),
    acl_shadow: AclShadowConfig.optional(),
    ...optional(await authzShape()),
    registry: RegistryConfig.optional(),
  })
  return { $schema: DRAFT, title: 'registry-auth: configuration', ...toJsonSchema(Config, '', describeKey) }
}

/** Of a file of rules, in either form, or of one of tests. */
function aclJsonSchema(): JsonSchema {
  const anyOf = [
    toJsonSchema(AclFileConfig, '', describeKey),
    toJsonSchema(AclTestFileConfig, '', describeKey),
    toJsonSchema(AclConfig, 'acl', describeKey),
  ]
  return { $schema: DRAFT, title: 'registry-auth: access list', anyOf }
}

type Shape = Record<string, z.core.$ZodType>

function optional(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, z.optional(schema)]))
}

async function authnShape(): Promise<Shape> {
  const { shape, report } = collect()
  await readAuthnSections(everyOf([...authnSections, ...authnOptions]), undefined, createFileSet(), report)
  return shape
}

async function authzShape(): Promise<Shape> {
  const { shape, report } = collect()
  await readAuthz(everyOf(authzSections), (section) => ({ files: createFileSet(), report: report.at([section]) }))
  return shape
}

const everyOf = (names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, {}]))

/**
 * A report that only notes which schema each section is read with: a room tells nobody its schemas, but it checks every section that
 * is there against one. It accepts nothing, so nothing further is read.
 */
function collect(): { readonly shape: Shape; readonly report: Report } {
  const shape: Shape = {}
  const reportAt = (base: YamlPath): Report => ({
    problem: () => undefined,
    warning: () => undefined,
    guard: () => Promise.resolve(undefined),
    at: (path) => reportAt([...base, ...path]),
    parse(path, schema) {
      const [section] = [...base, ...path]
      if (section !== undefined) shape[section] = schema
      else if (schema instanceof z.ZodObject) Object.assign(shape, schema.shape)
      return undefined
    },
  })
  return { shape, report: reportAt([]) }
}
