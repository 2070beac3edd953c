// Values of a token inside a message for the log: recognisable, and never long.

const MAX_CHARACTERS = 200

/** The value as JSON, cut after 200 characters; `none` for an absent one. */
export function quote(value: string | readonly string[] | null | undefined): string {
  const text = value === undefined || value === null ? 'none' : JSON.stringify(value)
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
