// Which expressions can only match texts that begin with a certain text: rules for other names need not be looked at.

/** What every text an expression matches begins with, `''` where that is not certain; `exact` where that is all it matches. */
export interface Anchored {
  readonly prefix: string
  readonly exact: boolean
}

const NOT_ANCHORED: Anchored = { prefix: '', exact: false }

// Characters that stand for themselves, an escaped sign or slash included.
const LITERALS = /^\^(?<literals>(?:[^\\[\](){}|*+?.^$]|\\[!-/:-@[-`{-~])*)(?<rest>.*)$/su

const QUANTIFIER = /^[*+?{]/

// Escapes, classes and groups are skipped; a class in a class, `\Q…\E` and flags are not looked into.
const SKIPPED = /\\[^Q]|\[\^?(?:[^\\[\]]|\\[^Q])+\]|\((?:\?:|\?P?<\w+>)?|[^\\[\]()|]|\)|\|/suy

/** Reads an expression as RE2 does (https://github.com/google/re2/wiki/Syntax), as far as it is simple; the expression is valid. */
export function readAnchored(expression: string): Anchored {
  const { literals = '', rest = '' } = LITERALS.exec(expression)?.groups ?? {}
  if (hasAlternatives(rest)) return NOT_ANCHORED
  const characters = (literals.match(/\\?./gsu) ?? []).map((one) => one.replace(/^\\(?=.)/su, ''))
  const certain = QUANTIFIER.test(rest) ? characters.slice(0, -1) : characters
  return { prefix: certain.join(''), exact: expression.startsWith('^') && rest === '$' }
}

// True also where it cannot be told.
function hasAlternatives(rest: string): boolean {
  let depth = 0
  for (let at = 0; at < rest.length; at = SKIPPED.lastIndex) {
    SKIPPED.lastIndex = at
    const token = SKIPPED.exec(rest)?.[0]
    if (token === undefined || (token === '(' && rest[SKIPPED.lastIndex] === '?')) return true
    if (token.startsWith('(')) depth++
    if (token === ')') depth--
    if (token === '|' && depth === 0) return true
  }
  return false
}
