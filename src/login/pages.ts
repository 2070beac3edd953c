// What the pages say to a person.
import type { NewPassword, StoredPassword } from '../authn/index.ts'
import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { loginCommands } from './commands.ts'
import type { Session } from './cookies.ts'
import type { Page } from './page.ts'
import type { WebProvider } from './strategies.ts'

/** A link to something on this server. */
export interface Link {
  readonly href: string
  readonly text: string
}

/** The front page: every way to sign in. */
export function frontPage(issuer: string, ways: readonly Link[], account: Link | undefined): Page {
  const choices = html`<p>Sign in to get a password for docker, podman or nerdctl.</p>
    <ul class="choices">
      ${ways.map((way) => html`<li>${button(way)}</li>`)}
    </ul>`
  const main = html`<h1>${issuer}</h1>
    <p>This server issues tokens for a container registry.</p>
    ${account && html`<p><a href="${account.href}">${account.text}</a></p>`} ${ways.length === 0 ? undefined : choices}`
  return { status: 200, title: 'Container registry', main }
}

/** A provider's page before anything happened. */
export function startPage({ label }: WebProvider, start: string): Page {
  return {
    status: 200,
    title: `Sign in with ${label}`,
    main: html`<h1>Sign in with ${label}</h1>
      <p>
        You will be sent to ${label}. When you come back, you get a password for docker, podman or nerdctl; a password
        you got here earlier stops working.
      </p>
      <p>${button({ href: start, text: `Continue to ${label}` })}</p>`,
  }
}

/** A new password, this once. Without a `registry` an example stands in its place. */
export function passwordPage(issued: NewPassword, registry: string | undefined, account: Link): Page {
  const commands = loginCommands(issued.account, issued.password, registry ?? 'docker.example.com')
  return {
    status: 200,
    title: 'Your password',
    main: html`<h1>Signed in as ${issued.account}</h1>
      <p>
        This password is shown only now. Paste one of these commands into a
        terminal${registry === undefined ? html`, with your registry in place of docker.example.com` : undefined}, or
        enter the password where one is asked for.
      </p>
      ${commands.map(({ tool, command }) => copyable(tool, `${tool}-command`, command))}
      ${copyable('Password', 'password', issued.password.reveal())}
      <p>It works until ${moment(issued.expiresAt)}. <a href="${account.href}">${account.text}</a></p>`,
  }
}

function copyable(title: string, id: string, text: string): Html {
  return html`<h2 id="${id}-title">${title}</h2>
    <pre tabindex="0" role="group" aria-labelledby="${id}-title"><code id="${id}">${text}</code></pre>
    <button type="button" class="quiet" data-copy="${id}" aria-describedby="${id}-title" hidden>Copy</button>
    <span role="status" class="soft"></span>`
}

/** What a signed-in person can see and do; `stored` is undefined when there is no password any more. */
export function accountPage(
  session: Session,
  { label, path }: WebProvider,
  stored: StoredPassword | undefined,
  prefix: string,
): Page {
  const form = (action: string, text: string): Html =>
    html`<form method="post" action="${prefix}/account/${action}">
      <input type="hidden" name="csrf" value="${session.csrf}" />
      <button class="quiet">${text}</button>
    </form>`
  const times =
    stored &&
    html`<dt>Password works until</dt>
      <dd>${moment(stored.expiresAt)}</dd>
      <dt>${label} is asked again</dt>
      <dd>${moment(stored.validUntil)}</dd>`
  const none = html`<p>There is no password for you here any more.</p>
    <p>${button({ href: `${prefix}${path}`, text: 'Get a new one' })}</p>`
  const forms = [
    ...(stored === undefined ? [] : [form('replace', 'Replace it'), form('revoke', 'Revoke it')]),
    form('sign-out', 'Sign out'),
  ]
  return {
    status: 200,
    title: 'Your password',
    main: html`<h1>Your password</h1>
      <dl>
        <dt>Account</dt>
        <dd>${session.account}</dd>
        <dt>Signed in with</dt>
        <dd>${label}</dd>
        ${times}
      </dl>
      ${stored === undefined ? none : ''}
      <div class="forms">${forms}</div>`,
  }
}

/** A callback that belongs to no sign-in of this browser. Nothing the URL says is repeated: anybody may have written it. */
export function unknownPage(again: Link): Page {
  const text =
    'This sign-in was not begun in this browser, is over already, or took longer than ten minutes. Nothing was changed.'
  return messagePage(400, 'This sign-in cannot be finished', [text], again)
}

/** The provider sent the browser back without a code; `said` is its own description. */
export function declinedPage(label: string, code: string, said: string | null, again: Link): Page {
  const text =
    code === 'access_denied'
      ? `${label} was told not to let you in here.`
      : `${label} reports an error: ${brief(code)}.`
  const texts = said === null || said === '' ? [text] : [text, `${label} says: “${brief(said)}”`]
  return messagePage(400, 'You are not signed in', texts, again)
}

/** The provider knows this person, and the configuration does not let them in. */
export function refusedPage(reason: string, again: Link): Page {
  return messagePage(403, 'You may not sign in here', [reason], again)
}

/** The provider does not accept what this server sends it. */
export function unusablePage(label: string, again: Link): Page {
  const text = `${label} refused the request of this server. Please tell the people who run it; their log says more.`
  return messagePage(502, 'The sign-in did not work', [text], again)
}

/** What is short: a title, a few sentences, and the way to go from here. */
export function messagePage(
  status: number,
  title: string,
  texts: readonly string[],
  link: Link,
  headers: Readonly<Record<string, string>> = {},
): Page {
  const main = html`<h1>${title}</h1>
    ${texts.map((text) => html`<p>${text}</p>`)}
    <p>${button(link)}</p>`
  return { status, title, main, headers }
}

// Providers' texts are for people, and may be any length.
function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function button({ href, text }: Link): Html {
  return html`<a class="button" href="${href}">${text}</a>`
}

function moment(at: number): Html {
  const date = new Date(at)
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`
}
