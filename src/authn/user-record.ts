// What a user's record says in every database: labels, or why it says nothing.
import { z } from 'zod'
import { mapOf } from '../lib/schema.ts'

/** Labels and their values, docker_auth's; a null for the values of one is none. */
export const UserLabels = mapOf(
  z
    .array(z.string())
    .nullable()
    .transform((values) => values ?? []),
  'must be a map',
)

/** What does not fit, in one line for the log. */
export function problemsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}
