// Which expressions need the value of every placeholder. properties.test.ts shows that a yes is never wrong.
import { expect, test } from '@jest/globals'
import { needsEveryPlaceholder } from '../../../src/authz/acl/needed.ts'

// "#" stands for a placeholder.
const needs = (expression: string): boolean => needsEveryPlaceholder(expression.split('#'))

test.each([
  '#',
  '^#$',
  '^#\\/.*$',
  '^(#)\\/(.+)$',
  '^#-(dev|prod)\\/[a-z0-9-]+$',
  '^#\\/(?:v\\d+\\/)?#$',
  '^(?P<team>#)+$',
  '((#a?)b*)#+?',
  '[^a]#[b]',
  '#\\.x{2,3}',
])('%s needs it', (expression) => {
  expect(needs(expression)).toBe(true)
})

test.each([
  '#|a',
  'a|#',
  '^(a|#)$',
  '^(#|#)$',
  '#?',
  '#*',
  '#{0,1}',
  '#??',
  '(#)?',
  '(a(#)b)*',
  '(?:#a){0}',
  '[#]',
  '[^#]',
  '[^]#[a]',
  '[[:alpha:]]#',
  '\\#',
  '(?i)#',
  '(?i:#)',
  '(?m)$#',
  '(?#)',
  'a{#}',
  '\\pL#',
  '\\Q#\\E',
  '(#',
  '#)',
])('%s may do without it, or is not looked into', (expression) => {
  expect(needs(expression)).toBe(false)
})
