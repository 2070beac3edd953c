// JavaScript modules of the admin's own: found, loaded, and called with a time limit. Knows nothing of what they answer.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import { z } from 'zod'
import { BackendError, ConfigError } from './errors.ts'
import { externalTimeout } from './external.ts'
import { text } from './schema.ts'
import type { Reading } from './section.ts'
import { within } from './within.ts'

/** The keys of a section that loads a module. docker_auth's `plugin_path` is refused with what to do instead. */
export const pluginShape = {
  // Node loads anything else once and never again, however often its file changes.
  module: text.regex(/\.mjs$/, { error: 'must be an ES module, whose name ends in .mjs' }).optional(),
  plugin_path: z
    .undefined({
      error:
        'names a Go plugin, which only docker_auth can load: name a JavaScript module instead ("module: ./file.mjs")',
    })
    .optional(),
  timeout: externalTimeout,
}

/** A module to load. The digest of its text makes a changed file a changed setting; `timeout` is in ms. */
export interface PluginSettings {
  readonly file: string
  readonly digest: string
  readonly timeout: number
}

/** Finds the module; undefined when the report was told what is wrong. */
export async function readPlugin(
  { module, timeout }: z.infer<z.ZodObject<typeof pluginShape>>,
  { files, report }: Reading,
): Promise<PluginSettings | undefined> {
  if (module === undefined) {
    report.problem(['module'], 'is required')
    return undefined
  }
  const source = await report.guard(['module'], files.readText(module))
  if (source === undefined) return undefined
  return { file: resolve(module), digest: createHash('sha256').update(source).digest('base64'), timeout }
}

/**
 * Loads the module and answers its exports; `version` makes it another one than any loaded from that file before, with a state of its
 * own. Throws ConfigError when it cannot be loaded within the time limit, or does not export what it should: `wanted`, in words.
 */
export async function loadPlugin<Exports>(
  { file, timeout }: PluginSettings,
  exports: z.ZodType<Exports>,
  wanted: string,
  version: string,
): Promise<Exports> {
  const refuse = (message: string, cause: unknown): never => {
    throw new ConfigError([{ message, file }], { cause })
  }
  const url = `${pathToFileURL(file).href}?version=${version}`
  const found: unknown = await within({ what: file, ms: timeout }, () => import(url)).catch((error: unknown) =>
    refuse(`cannot be loaded: ${reasonOf(error)}`, error),
  )
  const parsed = exports.safeParse(found)
  return parsed.success ? parsed.data : refuse(`must export ${wanted}`, parsed.error)
}

function reasonOf(error: unknown): string {
  const reason = error instanceof BackendError ? (error.cause ?? error) : error
  return types.isNativeError(reason) ? reason.message : String(reason)
}

/**
 * Calls a method of a module and answers what it answered, checked. The signal the method is given aborts when nobody waits any
 * more. Throws BackendError when the method throws, takes longer than the time limit or answers something else.
 */
export async function callPlugin<Answer>(
  { file, timeout }: PluginSettings,
  answer: z.ZodType<Answer>,
  method: (signal: AbortSignal) => unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const ending = new AbortController()
  try {
    const work = (): Promise<unknown> => Promise.resolve(ending.signal).then(method)
    const parsed = answer.safeParse(await within({ what: file, ms: timeout, signal }, work))
    if (!parsed.success) throw new BackendError(`${file} answered with something that is no answer`)
    return parsed.data
  } finally {
    ending.abort()
  }
}

/** What a module may offer beside its answers. */
export interface PluginLife {
  /** Resolves when the module could answer now. */
  check?(signal: AbortSignal): void | Promise<void>
  /** Lets go of whatever the module holds: it is not asked again. */
  close?(): void | Promise<void>
}

/** The same, within the time limit and closed once. Both throw BackendError. */
export function lifeOf(
  plugin: PluginSettings,
  part: PluginLife,
): { check(signal: AbortSignal): Promise<void>; close(): Promise<void> } {
  let closing: Promise<unknown> | undefined
  return {
    async check(signal) {
      await callPlugin(plugin, z.unknown(), (ending) => part.check?.(ending), signal)
    },
    async close() {
      closing ??= callPlugin(plugin, z.unknown(), () => part.close?.())
      await closing
    },
  }
}

/** An object with this method; what the method takes is the module's own promise. */
export function hasMethod<Shape extends object>(name: keyof Shape & string): z.ZodType<Shape> {
  const isFunction = (value: unknown): boolean => typeof value === 'function'
  return z.custom<Shape>((value) => typeof value === 'object' && value !== null && isFunction(Reflect.get(value, name)))
}
