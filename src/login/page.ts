// How every page of this door looks, and the headers it is sent with. Nothing on it comes from anywhere else.
import { createHash } from 'node:crypto'
import type { Response } from 'express'
import { html, ownMarkup } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'

/** One page: `main` begins with its `h1`. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly main: Html
  readonly headers?: Readonly<Record<string, string>>
}

export interface PageWriter {
  send(response: Response, page: Page): void
  /** Sends the browser elsewhere: to a page of ours, or to a provider. */
  redirect(response: Response, status: 302 | 303, location: string): void
}

const STYLE = `
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --text: #1c2128; --soft: #57606a; --line: #d0d7de; --accent: #0a58ca; --on: #fff; --code: #f1f3f5 }
@media (prefers-color-scheme: dark) { :root { --back: #0f1318; --card: #181d24; --text: #e6e9ed; --soft: #9aa4af; --line: #323a45; --accent: #6ea8fe; --on: #0f1318; --code: #10151b } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
header, main { max-width: 42rem; margin: 0 auto; padding: 1rem }
header a { color: var(--soft); text-decoration: none }
main { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.5rem 1.5rem; margin-bottom: 2rem }
@media (max-width: 42rem) { main { border-width: 1px 0; border-radius: 0; padding: .5rem 1rem 1.5rem } }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 1rem; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 1.5rem 0 .25rem }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.soft { color: var(--soft) }
ul.choices { list-style: none; padding: 0 }
ul.choices li { margin: .5rem 0 }
a.button, button { display: inline-block; font: inherit; padding: .5rem 1rem; border-radius: .5rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on); text-decoration: none; cursor: pointer }
ul.choices a.button { display: block; text-align: center }
button.quiet { background: none; color: var(--accent) }
button[hidden] { display: none }
.forms { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .5rem }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; margin: .25rem 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.4 ui-monospace, monospace }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 1rem 0 }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .5rem } }
`

// Without it the commands are there to be selected. Where there is no clipboard (plain http) the text is selected for the person.
const SCRIPT = `
for (const button of document.querySelectorAll('button[data-copy]')) {
  const source = document.getElementById(button.dataset.copy)
  const said = button.nextElementSibling
  button.hidden = false
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent)
      said.textContent = 'Copied.'
    } catch {
      getSelection().selectAllChildren(source)
      said.textContent = document.execCommand('copy') ? 'Copied.' : 'Selected: copy it with your keyboard.'
    }
  })
}
`

/** Creates the writer of this server's pages; `issuer` stands on each of them, and leads to the front page below `prefix`. */
export function createPageWriter(issuer: string, prefix: string): PageWriter {
  const style = ownMarkup(`<style>${STYLE}</style>`)
  const script = ownMarkup(`<script>${SCRIPT}</script>`)
  const headers = {
    'Content-Security-Policy': [
      `default-src 'none'`,
      `style-src '${sourceHash(STYLE)}'`,
      `script-src '${sourceHash(SCRIPT)}'`,
      `form-action 'self'`,
      `frame-ancestors 'none'`,
      `base-uri 'none'`,
    ].join('; '),
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    // Not no-referrer: browsers then say `Origin: null` even to us, and forms could not be told from foreign ones.
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  }
  return {
    send(response, page) {
      const document = html`<!doctype html>
        <html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>${page.title} · ${issuer}</title>
            ${style}
          </head>
          <body>
            <header><a href="${prefix}/">${issuer}</a></header>
            <main>${page.main}</main>
            ${script}
          </body>
        </html> `
      response
        .status(page.status)
        .set({ ...headers, ...page.headers })
        .type('html')
        .send(document.markup)
    },
    redirect(response, status, location) {
      response.set(headers).redirect(status, location)
    },
  }
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
