// JSON from others, and JSON for programs that read lines.
import { expect, test } from '@jest/globals'
import { formatJsonLine, parseJson, repeatedKey } from '../../src/lib/json.ts'

test.each([
  ['{"a":1}', { a: 1 }],
  ['', undefined],
  ['{', undefined],
])('the value of the JSON text %j', (text, value) => expect(parseJson(text)).toEqual(value))

test('a line is ASCII and holds no line break but its own, whatever the value holds', () => {
  const value = { text: 'a\nb\r\u0000\u007f\u0085\u2028 é 😀', half: '\ud800' }
  const line = formatJsonLine(value)
  expect(line).toMatch(/^[ -~]+\n$/)
  expect(JSON.parse(line)).toEqual(value)
})

test.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', undefined],
  ['{"a":"\\"b\\":","b":"{\\"b\\":1}"}', undefined],
  ['{"a":{},"b":{},"a":1}', 'a'],
  ['[{"b":{"x":1 , "y":{} ,\n"x"\t:2}}]', 'x'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['no JSON {"', undefined],
])('the key that stands twice in %j is %j', (text, key) => expect(repeatedKey(text)).toBe(key))
