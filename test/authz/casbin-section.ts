// The section casbin_authz for tests: its two files written, read as a configuration is, opened as app.ts does.
import { expect } from '@jest/globals'
import { casbinAuthz } from '../../src/authz/casbin/authorizer.ts'
import type { Authorizer, AuthzTools } from '../../src/authz/index.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { formatProblem } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import type { FileSet } from '../../src/lib/files.ts'
import type { Plan } from '../../src/lib/section.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authzTools } from '../support/authz-tools.ts'
import type { Folder } from '../support/folder.ts'
import { createRecorder } from '../support/recorder.ts'
import { request } from './request.ts'

/** What the files say; what is left out is a small model and an empty policy. */
export interface Files {
  readonly matcher?: string
  readonly policy?: string
  readonly effect?: string
  readonly columns?: string
  readonly model?: string
}

const EFFECT = 'some(where (p.eft == allow))'
const MATCHER = `g(r.account, p.account) && (p.action == "*" || r.action == p.action) && keyMatch(r.name, p.name)`

/** What came of a section: its problems with names of files instead of paths, and the files that were read. */
export interface Read {
  readonly plan: Plan<AuthzTools, Authorizer> | undefined
  readonly files: FileSet
  readonly problems: readonly string[]
}

/** Reads a section. */
export async function readSection(yaml: string, folder: Folder): Promise<Read> {
  const document = parseYaml(yaml, 'f')
  const findings: Findings = { problems: [], warnings: [] }
  const files = createFileSet()
  const plan = await casbinAuthz.read(document.value, { files, report: createReport('f', document, findings) })
  const problems = findings.problems.map((problem) => formatProblem(problem).replaceAll(`${folder.path()}/`, ''))
  return { plan, files, problems }
}

/** Writes the files into the folder and reads the section that names them. */
export async function readFiles(files: Files, folder: Folder): Promise<Read> {
  const { matcher = MATCHER, policy = '', effect = EFFECT, columns = 'account, name, action', model } = files
  const text = `
    [request_definition]
    r = account, type, name, service, ip, action, labels
    [policy_definition]
    p = ${columns}
    [role_definition]
    g = _, _
    [policy_effect]
    e = ${effect}
    [matchers]
    m = ${matcher}`
  const paths = [await folder.write('model.conf', model ?? text), await folder.write('policy.csv', policy)]
  return readSection(`{model_path: ${paths[0]}, policy_path: ${paths[1]}}`, folder)
}

/** Opens what the files say. */
export async function openFiles(files: Files, folder: Folder, log = createRecorder().log): Promise<Authorizer> {
  const { plan, problems } = await readFiles(files, folder)
  expect(problems).toEqual([])
  return plan!.open(authzTools({ log }))
}

/** The actions that are granted. */
export async function ask(authorizer: Authorizer, asked: Parameters<typeof request>[0]): Promise<readonly string[]> {
  const answer = await authorizer.authorize(request(asked))
  return answer.outcome === 'decided' ? answer.actions : ['no-match']
}
