// Where problems and warnings about one part of a configuration go.
import type { z } from 'zod'
import type { YamlPath } from './yaml.ts'

/** Collects what is wrong with one part of a configuration; paths are relative to that part. */
export interface Report {
  problem(path: YamlPath, message: string): void
  warning(path: YamlPath, message: string): void
  /** The value, or undefined when reading it threw a ConfigError, which then is a problem of this path, unless it says where it stands itself. */
  guard<T>(path: YamlPath, value: Promise<T> | (() => T)): Promise<T | undefined>
  /** The same report for a part below this one. */
  at(path: YamlPath): Report
  /** The parsed value, or undefined when it does not fit the schema. */
  parse<T>(path: YamlPath, schema: z.ZodType<T>, value: unknown): T | undefined
}
