// The sections that say who may log in, and how their back ends are asked.
import { z } from 'zod'
import { CredentialCacheConfig, DEFAULT_CACHE, readAuthn } from './authn/index.ts'
import type { AuthnConfig, ChainOptions } from './authn/index.ts'
import type { FileSet } from './lib/files.ts'
import type { Report } from './lib/report.ts'

/** Who may log in. */
export interface AuthnSettings extends AuthnConfig {
  readonly chain: ChainOptions
  readonly cache: CredentialCacheConfig
}

const PassOn = z.enum(['stop', 'continue'], { error: 'must be stop or continue' }).default('stop')
const ChainConfig = z.object({
  on_wrong_password: PassOn,
  on_error: PassOn,
  credential_cache: CredentialCacheConfig.default(DEFAULT_CACHE),
})

const CHAIN_KEYS = ['on_wrong_password', 'on_error', 'credential_cache']

/** The keys at the top level that are options of the back ends, not back ends. */
export const authnOptions: readonly string[] = [...CHAIN_KEYS, 'secret_key_file']

/** Reads them; undefined when something is wrong, which the report was told. */
export async function readAuthnSections(
  sections: Readonly<Record<string, unknown>>,
  publicUrl: string | undefined,
  files: FileSet,
  report: Report,
): Promise<AuthnSettings | undefined> {
  const options = report.parse([], ChainConfig, Object.fromEntries(CHAIN_KEYS.map((key) => [key, sections[key]])))
  const config = await readAuthn(sections, (section) => ({ files, report: report.at([section]) }), publicUrl)
  return (
    options && {
      ...config,
      chain: { onWrongPassword: options.on_wrong_password, onError: options.on_error },
      cache: options.credential_cache,
    }
  )
}

/** The section of a directory that ignores case while its spelling of the account is not asked for. */
export function accountsAsTyped({ ldap_auth: ldap }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof ldap === 'object' && ldap !== null && !('account' in ldap) ? 'ldap_auth' : undefined
}
