// Reads one section of a configuration as it is read at start, for tests.
import type { z } from 'zod'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { createFileSet } from '../../src/lib/files.ts'
import type { Reading } from '../../src/lib/section.ts'
import { parseYaml } from '../../src/lib/yaml.ts'

/** What came of a section: `problems` and `warnings` as `path: message`. */
export interface ReadSection<Settings> {
  readonly settings: Settings | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads this YAML by its schema and then by `read`. */
export async function readSection<Config, Settings>(
  yaml: string,
  schema: z.ZodType<Config>,
  read: (config: Config, reading: Reading) => Promise<Settings | undefined> | Settings | undefined,
): Promise<ReadSection<Settings>> {
  const findings: Findings = { problems: [], warnings: [] }
  const document = parseYaml(yaml, 'f')
  const report = createReport('f', document, findings)
  const config = report.parse([], schema, document.value)
  const settings = config === undefined ? undefined : await read(config, { files: createFileSet(), report })
  const said = (list: Findings['problems']): string[] => list.map(({ path, message }) => `${path ?? ''}: ${message}`)
  return { settings, problems: said(findings.problems), warnings: said(findings.warnings) }
}
