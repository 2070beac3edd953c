// The section `ldap_auth` for tests: read as a configuration is, opened as app.ts does.
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { ldapAuth } from '../../src/authn/ldap/authenticator.ts'
import type { Authentication, Authenticator, AuthnTools } from '../../src/authn/index.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authnTools } from '../support/authn-tools.ts'

/** What reading a section says: its problems and warnings as `path: message`, and a key when it can be opened. */
export const readSection = async (
  section: object,
): Promise<{
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly key: string | undefined
  open(tools: AuthnTools): Promise<Authenticator>
}> => {
  const document = parseYaml(JSON.stringify(section), 'config.yml')
  const findings: Findings = { problems: [], warnings: [] }
  const plan = await ldapAuth.read(document.value, {
    files: createFileSet(),
    report: createReport('config.yml', document, findings),
  })
  const lines = (list: Findings['problems']): string[] => list.map(({ path, message }) => `${path!}: ${message}`)
  return {
    problems: lines(findings.problems),
    warnings: lines(findings.warnings),
    key: plan?.key,
    open(tools) {
      if (plan === undefined) throw new Error(lines(findings.problems).join('\n'))
      return plan.open(tools)
    },
  }
}

/** A directory as somebody who logs in sees it. */
export interface Door {
  readonly authenticator: Authenticator
  readonly login: (account: string, password: string) => Promise<Authentication>
}

/** Opens a section; whoever opened it closes it. */
export const openSection = async (section: object, tools: Partial<AuthnTools> = {}): Promise<Door> => {
  const authenticator = await (await readSection(section)).open(authnTools(tools))
  return {
    authenticator,
    login: (account, password) => authenticator.authenticate({ account, password: new Secret(password) }),
  }
}
