// One page of a list: how much is asked for, what is on it, and where the next one is.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
import { registryError } from './errors.ts'

export interface PageRequest {
  readonly limit: number
  /** Only what comes after it; '' for the beginning. */
  readonly last: string
}

/** Reads `n` and `last`. Throws PAGINATION_NUMBER_INVALID when `n` is no whole number or more than `maximum`. */
export function readPageRequest(query: URLSearchParams, fallback: number, maximum: number): PageRequest {
  const n = query.get('n')
  const limit = n === null ? fallback : /^\d+$/.test(n) ? Number(n) : NaN
  if (!(limit <= maximum)) throw registryError('PAGINATION_NUMBER_INVALID', { detail: { n } })
  return { limit, last: query.get('last') ?? '' }
}

/** Takes one page off a list; `headers` holds the `Link` to the next one at `url` when there is one. */
export async function takePage(
  list: AsyncIterable<string>,
  limit: number,
  url: string,
): Promise<{ readonly items: readonly string[]; readonly headers: Readonly<Record<string, string>> }> {
  const items: string[] = []
  if (limit === 0) return { items, headers: {} }
  for await (const item of list) {
    if (items.length === limit) {
      const next = new URLSearchParams({ n: String(limit), last: items.at(-1) ?? '' })
      return { items, headers: { Link: `<${url}?${next.toString()}>; rel="next"` } }
    }
    items.push(item)
  }
  return { items, headers: {} }
}
