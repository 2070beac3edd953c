// Repository names and references become file names, so none of them may lead anywhere else.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isRepositoryName, parseReference } from '../../src/protocol/reference.ts'

test('nothing that names a manifest or a repository can lead out of a folder', () => {
  const unit = fc.constantFrom('.', '/', '\\', 'a', ':', '\0', '%')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const accepted = isRepositoryName(text) || parseReference(text) !== undefined
      expect(accepted && /(^|\/)\.\.?($|\/)|^\/|\\|\0|%/.test(text)).toBe(false)
    }),
  )
})
