// What admin commands ask a running server, and what it answers, as they cross the socket.
import { z } from 'zod'

const Labels = z.record(z.string(), z.array(z.string()))
const Actions = z.array(z.string())

/** Why is this request decided as it is? One at a time, because the answer tells of every rule, of which there may be many. */
export const ExplainQuestion = z.strictObject({
  explain: z.strictObject({
    identity: z.strictObject({ account: z.string(), labels: Labels, labelsArePatterns: z.boolean() }),
    resource: z.strictObject({
      type: z.string(),
      class: z.string().exactOptional(),
      name: z.string(),
      actions: Actions,
    }),
    service: z.string(),
    ip: z.string(),
  }),
})

const Decision = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('decided'), actions: Actions, rule: z.string().exactOptional() }),
  z.object({ outcome: z.literal('no-match') }),
])
const RuleTrace = z.object({
  rule: z.string(),
  position: z.string(),
  matched: z.boolean(),
  failed: z.array(
    z.object({ condition: z.string(), pattern: z.string(), filled: z.string().exactOptional(), value: z.string() }),
  ),
  actions: Actions,
})

/** The answer. */
export const ExplainAnswer = z.object({
  backends: z.array(
    z.object({
      backend: z.string(),
      answer: z.object({ outcome: z.enum(['decided', 'no-match']), actions: Actions }),
      trace: z.object({ rules: z.array(RuleTrace), decision: Decision }).optional(),
    }),
  ),
  granted: Actions,
  denied: Actions,
  decidedBy: z.object({ backend: z.string(), rule: z.string().optional() }).optional(),
})
