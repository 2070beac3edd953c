// Who asks, from where, when and for what, as the options of a command say it.
import { parseMoment } from '../../authz/index.ts'
import { ConfigError } from '../../lib/errors.ts'
import { parseIp } from '../../lib/ip.ts'
import type { Identity, Labels } from '../../protocol/identity.ts'
import { parseScope } from '../../protocol/scope.ts'
import type { ResourceActions } from '../../protocol/scope.ts'

/** The options that say who asks, from where and when, for parseOptions. */
export const WHO_OPTIONS = {
  account: { type: 'string' },
  label: { type: 'string', multiple: true },
  'quoted-labels': { type: 'boolean' },
  ip: { type: 'string' },
  service: { type: 'string' },
  at: { type: 'string' },
} as const

/** The option that says what for. */
export const SCOPE_OPTION = { scope: { type: 'string', multiple: true } } as const

/** The values of WHO_OPTIONS, as they are written. */
export interface WhoValues {
  readonly account?: string | undefined
  readonly label?: readonly string[] | undefined
  readonly 'quoted-labels'?: boolean | undefined
  readonly ip?: string | undefined
  readonly service?: string | undefined
  readonly at?: string | undefined
}

/** Somebody who asks. `ip` and `service` are `''` and `time` (ms since 1970) is undefined where nothing was said of them. */
export interface Who {
  readonly identity: Identity
  readonly ip: string
  readonly service: string
  readonly time: number | undefined
}

/** Reads who asks. Throws ConfigError, one sentence, for a value that is none of its kind; only the account has to be there. */
export function parseWho({ account, label = [], ip, service = '', at, ...values }: WhoValues): Who {
  if (account === undefined) throw new ConfigError("--account is needed; --account '' is somebody who does not sign in")
  const labelsArePatterns = values['quoted-labels'] !== true
  return {
    identity: { account, labels: parseLabels(label), labelsArePatterns },
    ip: ip === undefined ? '' : parseAddress(ip),
    service,
    time: at === undefined ? undefined : parseTime(at),
  }
}

/** Reads scopes, each option holding one or several with spaces between them. Throws ConfigError for what is none. */
export function parseScopes(values: readonly string[]): ResourceActions[] {
  return values
    .flatMap((value) => value.split(/\s+/))
    .filter((text) => text !== '')
    .map((text) => {
      const scope = parseScope(text)
      if (scope === undefined) throw new ConfigError(`--scope ${text} is no scope; write ${EXAMPLE}`)
      if (scope.actions.length === 0) throw new ConfigError(`--scope ${text} names no action; write ${EXAMPLE}`)
      return scope
    })
}

const EXAMPLE = 'TYPE:NAME:ACTIONS, such as repository:app/web:pull,push'

/** Who asks, in words: `alice (team=web, team=ops) from 192.0.2.7`. */
export function describeWho({ identity: { account, labels }, ip, service }: Omit<Who, 'time'>): string {
  const values = Object.entries(labels).flatMap(([name, list]) => list.map((value) => `${name}=${value}`))
  const carried = values.length === 0 ? 'no labels' : values.join(', ')
  const from = ip === '' ? '' : ` from ${ip}`
  return `${account === '' ? 'anonymous' : account} (${carried})${from}${service === '' ? '' : ` for service ${service}`}`
}

function parseLabels(texts: readonly string[]): Labels {
  const labels = new Map<string, string[]>()
  for (const text of texts) {
    const end = text.indexOf('=')
    if (end < 1) throw new ConfigError(`--label ${text} is no label; write NAME=VALUE, such as team=web`)
    const name = text.slice(0, end)
    labels.set(name, [...(labels.get(name) ?? []), text.slice(end + 1)])
  }
  return Object.fromEntries(labels)
}

function parseAddress(text: string): string {
  const ip = parseIp(text)
  if (ip === undefined) throw new ConfigError(`--ip ${text} is no IP address`)
  return ip
}

function parseTime(text: string): number {
  const time = parseMoment(text)
  if (time === undefined) throw new ConfigError(`--at ${text} is no time; write one such as 2026-11-23T08:30:00Z`)
  return time
}
