// HTML text in which everything that does not stand in the source is escaped.

/** Markup that may be sent to a browser as it is. */
export interface Html {
  readonly markup: string
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Builds markup: texts are escaped for content and quoted attributes, markup stays as it is, `undefined` is nothing. */
export function html(
  source: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[] | undefined)[]
): Html {
  const rendered = values.map((value) => {
    if (value === undefined) return ''
    if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
  })
  return { markup: String.raw({ raw: source }, ...rendered) }
}

/** Takes a text of our own source for markup. Never give it anything that came from elsewhere. */
export function ownMarkup(markup: string): Html {
  return { markup }
}
