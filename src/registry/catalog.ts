// The list of all repositories.
import type { Handler } from './exchange.ts'
import { answerJson } from './exchange.ts'
import { readPageRequest, takePage } from './page.ts'
import type { Store } from './store.ts'

// Distribution's own figures (`catalog.maxentries`).
const PAGE = 100
const LONGEST_PAGE = 1000

interface CatalogHandlerOptions {
  readonly store: Store
  /** The URL of a path below /v2/. */
  readonly url: (path: string) => string
}

/** https://distribution.github.io/distribution/spec/api/#listing-repositories */
export function createCatalogHandler({ store, url }: CatalogHandlerOptions): Handler {
  return async ({ res, query }) => {
    const { limit, last } = readPageRequest(query, PAGE, LONGEST_PAGE)
    const { items, headers } = await takePage(store.repositories(last), limit, url('_catalog'))
    answerJson(res, { repositories: items }, headers)
  }
}
