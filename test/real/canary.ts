// The word that every secret of a canary test holds, and how it is found again.

/** The word. */
export const WORD = 'canary'
/** A secret with characters that mean something in URLs, forms, YAML and JSON. */
export const secret = (of: string): string => `${of}-${WORD}+&%/"ü?`

/** The word as it is, and the part of it that shows in Base64 wherever in a text it stands. */
const forms = [
  WORD,
  ...[0, 1, 2].map((before) => {
    const whole = Buffer.from('x'.repeat(before) + WORD)
      .toString('base64')
      .replaceAll('=', '')
    return whole.slice(Math.ceil((before * 8) / 6), Math.floor(((before + WORD.length) * 8) / 6))
  }),
]
/** The lines that give the word away. */
export const showsIn = (text: string): string[] =>
  text.split('\n').filter((line) => forms.some((form) => line.includes(form)))
