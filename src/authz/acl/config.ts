// The shape of an access list in the configuration.
import { z } from 'zod'
import { parseIp } from '../../lib/ip.ts'
import { mapOf, strict, text, texts } from '../../lib/schema.ts'
import { parseScope } from '../../protocol/scope.ts'
import { DAYS, isBoundary, parseMoment } from './time.ts'

const LabelPatternsConfig = mapOf(text, 'must be a map of label names and patterns')

const NO_VALUES = { error: 'must not be empty' }

/** One value, or a list of them. */
const values = z.union([text, texts], { error: 'must be a value or a list of values' })

/** The same where none would let everybody pass, or nobody. */
const oneOrMore = values.refine((list) => list === '' || list.length > 0, NO_VALUES)

const boundary = text.refine(isBoundary, {
  error: 'must be a time of day such as 08:30, a date such as 2026-12-31, or both: 2026-12-31T08:30:00Z',
})

const TimeConfig = strict({
  after: boundary
    .refine((time) => time !== '24:00', { error: 'must be earlier: no day has anything after it' })
    .optional(),
  before: boundary.optional(),
  days: z
    .array(z.enum(DAYS, { error: `must be one of ${DAYS.join(', ')}` }), { error: 'must be a list' })
    .refine((days) => days.length > 0, NO_VALUES)
    .optional(),
})
  .refine(({ after, before, days }) => after !== undefined || before !== undefined || days !== undefined, {
    error: 'needs after, before or days',
  })
  .refine(({ after = '', before = '' }) => !((parseMoment(after) ?? -Infinity) >= (parseMoment(before) ?? Infinity)), {
    error: 'never comes: after has to be earlier than before',
  })

const MatchConfig = strict(
  {
    account: text.optional(),
    type: text.optional(),
    name: text.optional(),
    ip: oneOrMore.optional(),
    service: text.optional(),
    labels: LabelPatternsConfig.optional(),
    requires_labels: mapOf(oneOrMore, 'must be a map of label names and patterns')
      .refine((labels) => Object.keys(labels).length > 0, NO_VALUES)
      .optional(),
    time: TimeConfig.optional(),
  },
  { team: 'use labels: {teams: …}', teams: 'use labels: {teams: …}' },
)

/** The keys that conditions have. */
export const matchKeys: readonly string[] = Object.keys(MatchConfig.shape)

/**
 * One rule. Everything under `match` has to match; `actions: ["*"]` grants whatever is asked, `actions: []` nothing. docker_auth's
 * keys and ours: `id` names the rule in logs, a list of `ip`s, `requires_labels` (every pattern has to match a value), `time`.
 */
export const AclEntryConfig = strict({
  id: text
    .regex(/^[\w.-]{1,64}$/, { error: 'must be up to 64 letters, digits, dots, dashes and underscores' })
    .optional(),
  match: z
    .unknown()
    .refine((value) => value !== undefined, { error: 'is missing; match: {} matches every request', abort: true })
    .pipe(MatchConfig),
  actions: z
    .unknown()
    .refine((value) => value !== undefined, { error: 'is missing; actions: [] denies, ["*"] grants all', abort: true })
    .pipe(texts),
  comment: text.optional(),
})
export type AclEntryConfig = z.infer<typeof AclEntryConfig>

/** `acl`: the rules in order; the first one that matches decides. */
export const AclConfig = z.array(AclEntryConfig, { error: 'must be a list of rules' })
export type AclConfig = z.infer<typeof AclConfig>

const scope = text.transform((value, context) => {
  const parsed = parseScope(value)
  // Without actions nothing can be granted, and a test of that would hold whatever the rules say.
  if (parsed !== undefined && parsed.actions.length > 0) return parsed
  context.issues.push({ code: 'custom', input: value, message: 'must be a scope such as repository:app/web:pull,push' })
  return z.NEVER
})

/** An assertion about a list: who asks for what, from where, and which actions are granted, exactly. */
export const AclTestConfig = strict({
  account: text,
  labels: mapOf(values, 'must be a map of label names and values').default({}),
  /** The labels come from a directory or an identity provider, where rules take them literally. */
  quoted_labels: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  scope,
  ip: text
    .refine((ip) => ip === '' || parseIp(ip) !== undefined, { error: 'must be an IP address such as 10.0.0.7' })
    .default(''),
  service: text.default(''),
  at: text
    .refine((value) => parseMoment(value) !== undefined, { error: 'must be a time such as 2026-11-23T08:30:00Z' })
    .optional(),
  expect: texts,
  rule: text.optional(),
  comment: text.optional(),
})
export type AclTestConfig = z.infer<typeof AclTestConfig>

/** `tests`: every one has to hold, or the list is not used. */
export const AclTestsConfig = z.array(AclTestConfig, { error: 'must be a list of tests' })

/** A file of rules: with `syntax: 2`, `**` in a pattern also crosses slashes. */
export const AclFileConfig = strict({
  syntax: z.enum(['1', '2'], { error: 'must be 1 or 2' }).default('1'),
  acl: AclConfig,
  tests: AclTestsConfig.optional(),
})

/** A file of tests only. */
export const AclTestFileConfig = strict({ tests: AclTestsConfig })
