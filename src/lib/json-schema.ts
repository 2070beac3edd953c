// JSON Schema (draft 7) of what a zod schema accepts, for editors: they see YAML's own numbers and booleans where we read text.
import { z } from 'zod'

/** A schema in the form that editors read. */
export type JsonSchema = z.core.JSONSchema.JSONSchema

/** What a key is for, by its path: `server.addr`, `acl[].match`, `users.*.password`. */
export type Describe = (path: string) => string | undefined

/**
 * Everything the schema accepts; `path` is where it stands. A key that is refused by name is left out, so that an editor takes it for
 * the mistake it is; one that may be absent may also be null.
 */
export function toJsonSchema(schema: z.core.$ZodType, path: string, describe: Describe): JsonSchema {
  return asWritten(accepted(schema), path, describe)
}

function accepted(schema: z.core.$ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      // What only guards another schema says nothing itself; what accepts nothing but absence says that it refuses.
      if (zodSchema instanceof z.ZodPipe && zodSchema.in instanceof z.ZodUnknown)
        Object.assign(jsonSchema, accepted(zodSchema.out))
      else if (zodSchema instanceof z.ZodUndefined) jsonSchema.not = {}
      else if (zodSchema instanceof z.ZodUnknown && !zodSchema.safeParse('').success) jsonSchema.not = {}
      else if (zodSchema instanceof z.ZodString && ignoresCase(zodSchema)) {
        // A pattern in JSON has no flags.
        delete jsonSchema.pattern
        delete jsonSchema.allOf
      }
    },
  })
}

function ignoresCase(schema: z.ZodString): boolean {
  return (schema.def.checks ?? []).some(({ _zod: { def } }) => 'pattern' in def && isCaseless(def.pattern))
}

function isCaseless(pattern: unknown): boolean {
  return pattern instanceof RegExp && pattern.flags.includes('i')
}

function asWritten(json: JsonSchema, path: string, describe: Describe): JsonSchema {
  const { type, properties, items, additionalProperties, anyOf, allOf, required = [] } = json
  const inside = (below: z.core.JSONSchema._JSONSchema, at: string): JsonSchema => {
    const description = describe(at)
    const schema = asWritten(typeof below === 'boolean' ? {} : below, at, describe)
    return description === undefined ? schema : { description, ...schema }
  }
  const written = { ...json }
  delete written.$schema
  delete written.propertyNames
  delete written.default // as it is read, not as it is written
  delete written.const
  const choices = json.enum ?? (json.const === undefined ? undefined : [json.const])
  if (choices !== undefined) {
    delete written.type
    written.enum = choices.flatMap(asYamlReads)
  } else if (type === 'string') written.type = ['string', 'number', 'boolean']
  if (properties !== undefined)
    written.properties = Object.fromEntries(
      Object.entries(properties)
        .filter(([, value]) => typeof value === 'boolean' || value.not === undefined)
        .map(([key, value]) => {
          const below = inside(value, path === '' ? key : `${path}.${key}`)
          return [key, required.includes(key) ? below : orNull(below)]
        }),
    )
  if (additionalProperties !== undefined && additionalProperties !== false)
    written.additionalProperties = orNull(inside(additionalProperties, `${path}.*`))
  if (items !== undefined && !Array.isArray(items)) written.items = inside(items, `${path}[]`)
  if (anyOf !== undefined) written.anyOf = anyOf.map((one) => asWritten(one, path, describe))
  if (allOf !== undefined) written.allOf = allOf.map((one) => asWritten(one, path, describe))
  return written
}

type Scalar = string | number | boolean | null

/** A value of ours is text; YAML reads `1` and `true` as something else. */
function asYamlReads(value: Scalar): Scalar[] {
  if (value === 'true' || value === 'false') return [value === 'true', value]
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? [Number(value), value] : [value]
}

function orNull(json: JsonSchema): JsonSchema {
  if (json.enum !== undefined) return { ...json, enum: [...json.enum, null] }
  if (json.anyOf !== undefined) return { ...json, anyOf: [...json.anyOf, { type: 'null' }] }
  return json.type === undefined ? json : { ...json, type: [json.type, 'null' as const].flat() }
}
