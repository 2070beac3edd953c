// The web providers by their sections of the configuration, in the order in which docker_auth asks them.
import type { z } from 'zod'
import type { WebReading } from './client.ts'
import { createGithubProvider, GithubConfig, readGithub } from './github.ts'
import type { GithubSettings } from './github.ts'
import { createGitlabProvider, GitlabConfig, readGitlab } from './gitlab.ts'
import type { GitlabSettings } from './gitlab.ts'
import { createGoogleProvider, GoogleConfig, readGoogle } from './google.ts'
import type { GoogleSettings } from './google.ts'
import { createOidcProvider, OidcConfig, readOidc } from './oidc.ts'
import type { OidcSettings } from './oidc.ts'
import type { Provider, ProviderName } from './provider.ts'

/** One provider as configured; plain data. */
export type ProviderSettings = GoogleSettings | GithubSettings | OidcSettings | GitlabSettings

/** A provider's section of the configuration. */
export interface WebSection {
  readonly section: string
  readonly name: ProviderName
  /** Undefined when something is wrong, which the report was told. */
  read(value: unknown, reading: WebReading): Promise<ProviderSettings | undefined>
}

export const webSections: readonly WebSection[] = [
  webSection('google', GoogleConfig, readGoogle),
  webSection('github', GithubConfig, readGithub),
  webSection('oidc', OidcConfig, readOidc),
  webSection('gitlab', GitlabConfig, readGitlab),
]

function webSection<Config>(
  name: ProviderName,
  schema: z.ZodType<Config>,
  read: (config: Config, reading: WebReading) => Promise<ProviderSettings | undefined>,
): WebSection {
  return {
    section: `${name}_auth`,
    name,
    async read(value, reading) {
      const config = reading.report.parse([], schema, value)
      return config === undefined ? undefined : read(config, reading)
    },
  }
}

/** Creates the part that asks a provider's API. Nothing is connected to yet. `now` is in ms since the epoch. */
export function createProvider(settings: ProviderSettings, now: () => number): Provider {
  switch (settings.name) {
    case 'google':
      return createGoogleProvider(settings, now)
    case 'github':
      return createGithubProvider(settings, now)
    case 'oidc':
      return createOidcProvider(settings, now)
    case 'gitlab':
      return createGitlabProvider(settings, now)
  }
}
