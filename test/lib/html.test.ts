// Markup: what comes from elsewhere is always text.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { html, ownMarkup } from '../../src/lib/html.ts'

test('texts are escaped, markup is not escaped twice', () => {
  const inner = html`<b>${'<i> & "x"'}</b>`
  expect(html`<p title="${`"'`}">${inner}${[inner, inner]}${undefined}</p>`.markup).toBe(
    '<p title="&quot;&#39;"><b>&lt;i&gt; &amp; &quot;x&quot;</b>' +
      '<b>&lt;i&gt; &amp; &quot;x&quot;</b>'.repeat(2) +
      '</p>',
  )
})

test('our own markup stays as it is', () => {
  expect(html`${ownMarkup('<style>a > b</style>')}`.markup).toBe('<style>a > b</style>')
})

test('no text leaves its element or its attribute', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(html`${text}`.markup).not.toMatch(/[<>"']/)))
})
