// Token ids.
import { randomFillSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createIdSource } from '../../src/token/index.ts'

describe('token ids', () => {
  test('never repeat, and are 128 bits in hexadecimal', () => {
    const next = createIdSource(randomFillSync)
    const ids = Array.from({ length: 5000 }, next)
    expect(new Set(ids).size).toBe(5000)
    expect(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([])
  })

  test('use every random byte once', () => {
    let fills = 0
    const next = createIdSource((buffer) => {
      fills += 1
      buffer.forEach((_, index) => (buffer[index] = index >> 4))
    })
    const ids = Array.from({ length: 256 }, next)
    expect(ids.map((id) => parseInt(id.slice(0, 2), 16))).toEqual(Array.from({ length: 256 }, (_, index) => index))
    expect(fills).toBe(1)
    next()
    expect(fills).toBe(2)
  })
})
