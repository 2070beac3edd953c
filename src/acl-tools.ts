// What the `acl` commands may use: lists read from files, back ends opened to be asked, and a running server.
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { loadAclList } from './acl-list.ts'
import { labelOptions } from './acl-setting.ts'
import type { ReadAclList } from './acl-list.ts'
import { ExplainAnswer } from './admin-questions.ts'
import { askAdminSocket } from './admin-socket.ts'
import { createAclAuthorizer, explain, readAuthz } from './authz/index.ts'
import type { Authorizer, AuthorizationRequest, AuthzTools, Explanation } from './authz/index.ts'
import type { AclTools } from './cli/acl/tools.ts'
import { createReport, inOrder } from './config-problems.ts'
import type { Findings } from './config-problems.ts'
import { BackendError, ConfigError, describeOutage } from './lib/errors.ts'
import { createFileSet } from './lib/files.ts'
import type { FileSet } from './lib/files.ts'
import type { Logger } from './lib/logger.ts'
import type { Plan } from './lib/section.ts'
import { parseYaml } from './lib/yaml.ts'

/** Creates them. What back ends have to say about themselves goes to `log`. */
export function createAclTools(parts: {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: Writable
  readonly err: Writable
  readonly isTerminal: boolean
  readonly log: Logger
}): AclTools {
  const { env, out, err, isTerminal, log } = parts
  return {
    async loadList(path) {
      const { list, sections } = await loadAclList(path, createFileSet())
      const others = list.setting?.others ?? []
      if (holdsRules(sections) && others.length > 0)
        err.write(`${path}: only the rules of acl and acl_files are looked at, not what ${others.join(', ')} decides\n`)
      if (holdsRules(sections)) return list
      throw new ConfigError(
        `${path} has no acl and no acl_files, and other back ends' rules cannot be looked at from here`,
      )
    },
    explain: (path, requests, time) =>
      explainFiles(path, requests, time, { log, err }).catch((error: unknown) => {
        throw error instanceof BackendError ? new ConfigError(describeOutage(error), { cause: error }) : error
      }),
    async explainRunning(folder, requests, time) {
      if (time !== undefined)
        throw new ConfigError('--at needs a configuration file: a running server answers as of now')
      const explanations: Explanation[] = []
      for (const request of requests) {
        const answer = ExplainAnswer.safeParse(await askAdminSocket(folder, { explain: request }))
        if (!answer.success)
          throw new ConfigError(`the server of ${folder} is another version: its answer is not understood`)
        explanations.push(answer.data)
      }
      return explanations
    },
    dataFolder: env['REGISTRY_AUTH_DATA'] || 'data',
    now: Date.now,
    out,
    err,
    isTerminal,
  }
}

async function explainFiles(
  path: string,
  requests: readonly AuthorizationRequest[],
  time: number | undefined,
  { log, err }: { readonly log: Logger; readonly err: Writable },
): Promise<Explanation[]> {
  const files = createFileSet()
  const now = (): number => time ?? Date.now()
  const { list, sections } = await loadAclList(path, files)
  for (const { account, labels } of new Set(requests.map(({ identity }) => identity))) {
    const options = sections === undefined || Object.keys(labels).length > 0 ? [] : labelOptions(sections, account)
    if (options.length > 0)
      err.write(`explained without the labels that users gives ${account}: ${options.join(' ')}\n`)
  }
  const authorizers: Authorizer[] = holdsRules(sections) ? [createAclAuthorizer(list.acl, now)] : []
  try {
    for (const plan of sections === undefined ? [] : await readPlans(path, sections, files))
      authorizers.push(await plan.open({ now, randomBytes, log }))
    const explanations: Explanation[] = []
    for (const request of requests) explanations.push(await explain(authorizers, request))
    return explanations
  } finally {
    for (const authorizer of authorizers) await authorizer.close?.()
  }
}

// A file of rules has no sections.
function holdsRules(sections: ReadAclList['sections']): boolean {
  return sections === undefined || sections['acl'] !== undefined || sections['acl_files'] !== undefined
}

async function readPlans(
  path: string,
  sections: Readonly<Record<string, unknown>>,
  files: FileSet,
): Promise<Plan<AuthzTools, Authorizer>[]> {
  const findings: Findings = { problems: [], warnings: [] }
  const report = createReport(path, parseYaml(await files.readText(path), path), findings)
  const plans = await readAuthz(sections, (section) => ({ files, report: report.at([section]) }))
  if (findings.problems.length > 0) throw new ConfigError(inOrder(findings.problems))
  return plans
}
