// JSON with every member once.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseJsonObject } from '../../src/token/json.ts'

const parse = (text: string): object | undefined => parseJsonObject(Buffer.from(text))

describe('a JSON object', () => {
  test('is read like any other when each member stands once', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (value, indent) => {
        expect(parse(JSON.stringify(value, null, indent))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('is none when any member stands twice, however deep and however written', () => {
    const name = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(name, fc.jsonValue(), fc.array(name, { maxLength: 3 }), (twice, value, path) => {
        const escaped = `"${Array.from({ length: twice.length }, (_, at) => `\\u${twice.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
        const inner = `{${JSON.stringify(twice)}:${JSON.stringify(value)},${escaped} : 1}`
        const text = path.reduce((nested, each) => `{${JSON.stringify(each)}:[${nested}]}`, inner)
        expect(() => JSON.parse(text) as unknown).not.toThrow()
        expect(parse(text)).toBeUndefined()
      }),
    )
  })

  test.each(['', '[]', '"a"', '1', 'null', '{', '{}x', "{'a':1}"])('is not %j', (text) => {
    expect(parse(text)).toBeUndefined()
  })
})
