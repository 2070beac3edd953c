// The same question, asked once.
import { createMemory } from '../tools.ts'
import type { AuthnTools } from '../tools.ts'

const KEPT = { ttl: 30e3, size: 10_000 }

/**
 * Asks, unless the same is being asked at this moment or was answered `worthKeeping` in the last 30 s: a CI job with a stale
 * password, several requests of it at once included, must not lock its account in the directory.
 */
export function createOnce<Answer>(
  tools: AuthnTools,
  worthKeeping: (answer: Answer) => boolean,
): (parts: readonly string[], ask: () => Promise<Answer>) => Promise<Answer> {
  const memory = createMemory<{ answer: Promise<Answer> | undefined }>(tools, KEPT)
  return (parts, ask) => {
    const known = memory.get(parts)?.answer
    if (known !== undefined) return known
    const answer = ask()
    const asked: { answer: Promise<Answer> | undefined } = { answer }
    const forget = (): void => {
      asked.answer = undefined
    }
    memory.set(parts, asked)
    answer.then((given) => {
      if (!worthKeeping(given)) forget()
    }, forget)
    return answer
  }
}
