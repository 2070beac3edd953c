// A repository's tags.
import { registryError } from './errors.ts'
import type { Handler } from './exchange.ts'
import { answerJson } from './exchange.ts'
import { readPageRequest, takePage } from './page.ts'
import type { Store } from './store.ts'

interface TagsHandlerOptions {
  readonly store: Store
  /** The URL of a path below /v2/. */
  readonly url: (path: string) => string
}

/** Without `n` all tags are on one page. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export function createTagsHandler({ store, url }: TagsHandlerOptions): Handler {
  return async ({ res, name, query }) => {
    const { limit, last } = readPageRequest(query, Infinity, Infinity)
    const repository = store.repository(name)
    if (!(await repository.exists())) throw registryError('NAME_UNKNOWN', { detail: { name } })
    const { items, headers } = await takePage(repository.manifests.tags(last), limit, url(`${name}/tags/list`))
    answerJson(res, { name, tags: items }, headers)
  }
}
