// RE2 regular expressions in Go's syntax, matched in linear time: names a client chooses meet patterns an admin wrote.
import { RE2JS } from 're2js'

/** A compiled expression. Neither end is anchored. */
export interface Regex {
  readonly matches: (text: string) => boolean
  /** The leftmost match (0) and its groups, `''` for one that took no part; undefined when nothing matches. */
  readonly groups: (text: string) => readonly string[] | undefined
}

export type CompiledRegex =
  { readonly outcome: 'compiled'; readonly regex: Regex } | { readonly outcome: 'invalid'; readonly reason: string }

/** Compiles an expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax). Never throws. */
export function compileRegex(source: string): CompiledRegex {
  try {
    const compiled = RE2JS.compile(source)
    return {
      outcome: 'compiled',
      regex: { matches: (text) => compiled.test(text), groups: (text) => groupsOf(compiled, text) },
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { outcome: 'invalid', reason: message.replace(/^error parsing regexp: /, '') }
  }
}

function groupsOf(compiled: RE2JS, text: string): readonly string[] | undefined {
  const matcher = compiled.matcher(text)
  if (!matcher.find()) return undefined
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
}

/** The expression that matches this text only, quoted as https://pkg.go.dev/regexp#QuoteMeta quotes it. */
export function quoteRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
