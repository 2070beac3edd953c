// What this process lends to the back ends of this room.
import type { Logger } from '../lib/logger.ts'

/** Times are in ms since 1970. */
export interface AuthzTools {
  readonly now: () => number
  readonly randomBytes: (size: number) => Buffer
  readonly log: Logger
}
