// Chains of rules, each at a place: a number that is the hash of the texts that lead there. Two texts with the same hash share a place,
// and a request for one of them looks at the rules of both. No text is kept, so a lookup in a long list touches little memory.

/** Which rules stand where: numbers, in ascending order at each place. */
export interface Places {
  /** Appends a rule, whose number is above all before it. */
  add(place: number, rule: number): void
  /** The first rule at a place, or -1. */
  first(place: number): number
  /** The rule behind this one at the same place, or -1. */
  next(rule: number): number
  /** How many rules stand at a place. */
  count(place: number): number
}

// A slot of the table: place, first rule, last rule, count. Without a count it is free.
const WIDTH = 4
const SLOTS = 64

/** Places without rules. */
export function createPlaces(): Places {
  let slots = new Int32Array(SLOTS * WIDTH)
  let taken = 0
  const following: number[] = []

  // Where the place's slot is, or the free one in which to put it. Half of them are free.
  function slotOf(place: number): number {
    const last = slots.length - WIDTH
    let slot = (Math.imul(place ^ (place >>> 15), WIDTH * 0x2c1b3c6d) >>> 0) & last
    while (slots[slot + 3] !== 0 && slots[slot] !== place) slot = (slot + WIDTH) & last
    return slot
  }

  function grow(): void {
    const old = slots
    slots = new Int32Array(old.length * 2)
    for (let slot = 0; slot < old.length; slot += WIDTH) {
      if (old[slot + 3] !== 0) slots.set(old.subarray(slot, slot + WIDTH), slotOf(old[slot] ?? 0))
    }
  }

  return {
    add(place, rule) {
      const slot = slotOf(place)
      const count = slots[slot + 3] ?? 0
      if (count > 0) following[slots[slot + 2] ?? 0] = rule
      slots.set([place, count > 0 ? (slots[slot + 1] ?? 0) : rule, rule, count + 1], slot)
      while (following.length <= rule) following.push(-1)
      if (count === 0 && ++taken * WIDTH * 2 > slots.length) grow()
    },
    first(place) {
      const slot = slotOf(place)
      return slots[slot + 3] === 0 ? -1 : (slots[slot + 1] ?? -1)
    },
    next: (rule) => following[rule] ?? -1,
    count: (place) => slots[slotOf(place) + 3] ?? 0,
  }
}

/** The place behind this one, one character further on. */
export function step(place: number, code: number): number {
  // FNV-1a's, by UTF-16 units.
  return Math.imul(place ^ code, 0x01000193)
}

/** The place to which a text leads. */
export function stepAll(place: number, text: string): number {
  let at = place
  for (let index = 0; index < text.length; index++) at = step(at, text.charCodeAt(index))
  return at
}
