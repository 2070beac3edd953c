// A section of the configuration that makes one part of the server: how it is read, and how the part is opened from what was read.
import type { z } from 'zod'
import type { FileSet } from './files.ts'
import { fingerprint } from './fingerprint.ts'
import type { Report } from './report.ts'

/** What reading a section may use: the files it names, and where its problems go (paths are relative to the section). */
export interface Reading {
  readonly files: FileSet
  readonly report: Report
}

/** A part as configured, not opened yet. Two plans with one key make the same part, so a reload keeps the open one. */
export interface Plan<Tools, Part> {
  readonly section: string
  readonly key: string
  /** Opens the part. Connects to nothing that may be down: an outage prevents neither start nor reload. */
  open(tools: Tools): Promise<Part>
}

/** A kind of section, by its name in the configuration file. */
export interface SectionKind<Tools, Part> {
  readonly section: string
  /** Undefined when something is wrong, which the report was told. */
  readonly read: (value: unknown, reading: Reading) => Promise<Plan<Tools, Part> | undefined>
}

/**
 * Defines a kind of section. `read` turns what the schema accepts into plain data (files read, secrets wrapped), or undefined
 * when the report was told why not; `open` makes the part of it.
 */
export function defineSection<Tools, Part, Config, Settings>(kind: {
  readonly section: string
  readonly schema: z.ZodType<Config>
  readonly read: (config: Config, reading: Reading) => Promise<Settings | undefined> | Settings | undefined
  readonly open: (settings: Settings, tools: Tools) => Promise<Part> | Part
}): SectionKind<Tools, Part> {
  const { section } = kind
  return {
    section,
    async read(value, reading) {
      const config = reading.report.parse([], kind.schema, value)
      const settings = config === undefined ? undefined : await kind.read(config, reading)
      if (settings === undefined) return undefined
      return {
        section,
        key: `${section} ${fingerprint(settings)}`,
        open: async (tools) => kind.open(settings, tools),
      }
    },
  }
}

/** Kinds of sections by name, in the order in which their parts are asked; each is loaded when its section is there. */
export type SectionKinds<Tools, Part> = Readonly<Record<string, () => Promise<SectionKind<Tools, Part>>>>

/** Reads those of these sections that are there; `readingOf` answers for each of them. What is wrong was reported and is left out. */
export async function readSections<Tools, Part>(
  kinds: SectionKinds<Tools, Part>,
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
): Promise<Plan<Tools, Part>[]> {
  const plans: Plan<Tools, Part>[] = []
  for (const [section, load] of Object.entries(kinds)) {
    if (sections[section] === undefined) continue
    const plan = await (await load()).read(sections[section], readingOf(section))
    if (plan !== undefined) plans.push(plan)
  }
  return plans
}
