// What entering the room costs.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

test('entering the room loads no pkijs', () => {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type\b).*? from '(.+?)'/gms,
    )) {
      const path = join(dirname(file), from)
      if (from.startsWith('.') && existsSync(path)) visit(path)
      else packages.add(from)
    }
  }
  visit(join(import.meta.dirname, '../../src/token/index.ts'))
  expect([...packages].filter((name) => !name.startsWith('node:')).sort()).toEqual(['jose', 'zod'])
})
