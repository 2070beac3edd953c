// The shape of an access list in the configuration.
import { z } from 'zod'
import { mapOf, strict, text, texts } from '../../lib/schema.ts'

const LabelPatternsConfig = mapOf(text, 'must be a map of label names and patterns')

const MatchConfig = strict(
  {
    account: text.optional(),
    type: text.optional(),
    name: text.optional(),
    ip: text.optional(),
    service: text.optional(),
    labels: LabelPatternsConfig.optional(),
  },
  { team: 'use labels: {teams: …}', teams: 'use labels: {teams: …}' },
)

/** One rule. Everything under `match` has to match; `actions: ["*"]` grants whatever is asked, `actions: []` nothing. */
export const AclEntryConfig = strict({
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
