// registry-auth schema: the JSON Schema that makes an editor complete and check a configuration or an access list.
import type { Writable } from 'node:stream'

/** What there is a schema of. */
export type SchemaKind = 'config' | 'acl'

/** Prints the schema of one kind of file. */
export async function printSchema(
  kind: SchemaKind,
  schemas: Readonly<Record<SchemaKind, () => object | Promise<object>>>,
  out: Writable,
): Promise<number> {
  out.write(`${JSON.stringify(await schemas[kind](), undefined, 2)}\n`)
  return 0
}
