// A value that never prints: not in a log, not in an error, not in JSON.
import { inspect } from 'node:util'

/** Holds a secret from the moment it is read; only `reveal()` hands it out. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The secret itself. Call it where the value is used, and nowhere else. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
