// The sections of the web providers, read as one group: they share the secret key and are asked together.
import { fingerprint } from '../../lib/fingerprint.ts'
import { nonEmpty } from '../../lib/schema.ts'
import { Secret } from '../../lib/secret.ts'
import type { Plan, Reading } from '../../lib/section.ts'
import type { AuthnTools } from '../tools.ts'
import { secretKeyProblem } from './secret-key.ts'
import { createProvider, webSections } from './settings.ts'
import type { ProviderSettings } from './settings.ts'
import type { WebSignIn } from './sign-in.ts'
import { createWebSignIn } from './web-password.ts'

/** The web providers as configured, in the order in which they are asked. */
export interface WebPlan extends Plan<AuthnTools, WebSignIn> {
  readonly providers: readonly ProviderSettings[]
  readonly secretKey: Secret | undefined
}

/** Reads the sections that are there; undefined when none is, or when something is wrong, which their reports were told. */
export async function readWeb(
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
  publicUrl: string | undefined,
): Promise<WebPlan | undefined> {
  const configured = webSections.filter(({ section }) => sections[section] !== undefined)
  const providers: ProviderSettings[] = []
  for (const kind of configured) {
    const settings = await kind.read(sections[kind.section], { ...readingOf(kind.section), publicUrl })
    if (settings !== undefined) providers.push(settings)
  }
  const file = sections['secret_key_file']
  const secretKey = file === undefined ? undefined : await readSecretKey(file, readingOf('secret_key_file'))
  if (providers.length === 0 || providers.length < configured.length) return undefined
  const problem =
    file === undefined || secretKey !== undefined
      ? secretKeyProblem(
          providers.map(({ store }) => store.settings),
          secretKey,
        )
      : undefined
  if (problem !== undefined) readingOf('secret_key_file').report.problem([], problem)
  return {
    section: 'web',
    key: `web ${fingerprint({ providers, secretKey })}`,
    providers,
    secretKey,
    open: (tools) =>
      createWebSignIn(
        {
          providers: providers.map((settings) => ({
            provider: createProvider(settings, tools.now),
            store: settings.store,
          })),
          secretKey,
        },
        tools,
      ),
  }
}

async function readSecretKey(value: unknown, { files, report }: Reading): Promise<Secret | undefined> {
  const file = report.parse([], nonEmpty, value)
  const text = file === undefined ? undefined : await report.guard([], files.readText(file))
  return text === undefined ? undefined : new Secret(text.trim())
}
