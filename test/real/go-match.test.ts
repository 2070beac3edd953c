// Compares our globs, regular expressions and IP patterns with Go's own, on generated and on curated questions.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileGlob, compileGlobWithGaps, quoteGlob } from '../../src/lib/glob.ts'
import { compileIpPattern, parseIp } from '../../src/lib/ip.ts'
import { compileRegex, quoteRegex } from '../../src/lib/regex.ts'
import { program, requires } from './requires.ts'

type Pair = readonly [string, string]
type Verdict = 'yes' | 'no' | 'malformed'

interface Questions {
  globs?: readonly Pair[]
  regexes?: readonly Pair[]
  quotes?: readonly string[]
  ips?: readonly Pair[]
}

interface Answers {
  globs: Verdict[]
  regexes: (string[] | null)[]
  quotes: string[]
  ips: Verdict[]
}

const SEED = 20_260_101
const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(arbitrary, { numRuns: count, seed: SEED })

const verdict = (matched: boolean): Verdict => (matched ? 'yes' : 'no')

const words = (...lines: string[]): string[] => lines.flatMap((line) => line.split(' '))

// Few different characters, so that patterns and names meet; one of each length in UTF-8, and a combining one.
const plain = [...words('a b c ab / - . $ ^ ] ! é € \u0301 𐍈 \ufffd'), ' ', '\n', '\0']
const special = words('* ** ? *? [ ] [^ [a-c] [^b/] [é-€] [\\]-a] [/] \\ \\* \\[ \\€')
const piece = fc.constantFrom(...plain)
const patternPiece = fc.oneof({ weight: 3, arbitrary: piece }, { weight: 4, arbitrary: fc.constantFrom(...special) })
const name = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
const pattern = fc.array(patternPiece, { maxLength: 7 }).map((pieces) => pieces.join(''))

// A pattern made from the name it is asked about, so that many pairs match.
const related = fc
  .tuple(fc.array(piece, { maxLength: 7 }), fc.infiniteStream(fc.nat(9)))
  .map(([pieces, dice]): Pair => {
    const wildcards = ['*', '?', '??', '[^a]', '[a-€]', '*?']
    const loosened = pieces.map((text) => wildcards[dice.next().value as number] ?? text)
    return [loosened.join(''), pieces.join('')]
  })

// Texts around gaps, fillings, and a name that is often what they make together.
const gapped = fc
  .tuple(fc.array(pattern, { minLength: 2, maxLength: 3 }), fc.tuple(name, name), name, fc.boolean())
  .map(([texts, fillings, other, same]) => {
    const whole = (quote: (text: string) => string): string =>
      texts.map((text, index) => (index === 0 ? text : quote(fillings[index - 1] ?? '') + text)).join('')
    return { texts, fillings, pattern: whole(quoteGlob), name: same ? whole((text) => text) : other }
  })

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    ...words(
      '10.0.0.1 10.1.2.3 192.0.2.1 ::1 :: ::ffff:10.1.2.3 ::ffff:a01:203 2001:db8::1 [::1] 0x1.2.3.4 1::2::3',
      '1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.256 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: 1::2:3:4:5:6:7:8 1:2:3:4:5:6:1.2.3.4 00001::',
      '::1.02.3.4 ::1.2.3 1:2:3:4:5:6:7:1.2.3.4 fe80::1 FE80::A 1.2.3.4. .1.2.3.4 1..2.3 12345:: g:: ::ffff:0:0 :1::2',
    ),
    ' 1.2.3.4',
    '1.2.3.4\n',
  ),
)
const prefix = fc.oneof(
  fc.nat(130).map(String),
  fc.constantFrom(...words('08 -1 +8 8/8 16777216 99999999999999999999 1e1 0x8 255.0.0.0'), '', ' 8', '8 '),
)
const ipPattern = fc.oneof(
  address,
  fc.tuple(address, prefix).map(([ip, bits]) => `${ip}/${bits}`),
)

const expressions = words(
  '^alice/.+$ (foo|bar) ^(?P<team>[a-z]+)-(\\d{1,3})$ ^(?<team>[a-z]+) (?i)^ADMIN (a)|(b) (a+)(b+)?c [[:alpha:]]+',
  '[^[:^digit:]] \\pL+ \\p{Greek} \\PN [\\w-]+/[\\w.]+ \\Aab\\z \\bteam\\b (?s)a.b a.b (?m)^b$ (?U)a+ a+? x* ^$ \\t \\141',
  '\\Qa.b\\E \\x61\\x{20AC} €+ [€-₿] (?i)straße (?i)k a{2,3} a{,2} a{2}{3} a** (?=a) (?<=a)b (?!a) \\1 (a)\\1 \\C \\Z \\8',
  '[a ( ) * \\ a{1001} (?P<>a) [b-a] \\pX [[:foo:]] (?i (?z) ^${account}$ ${labels:x} ${name:1} ^(a+)+$ (x+x+)+y . (|a)*',
  '(.*)(.*)(.*) [^/]+$ (?:a|ab)(?:c|bcd) (a*)* (a|b)*?c \\D\\S\\W []a] [^]a] [a-] [-a] [\\d-z] (?i:a)b \\_ \\- \\é (?P<é>a)',
)
const texts = [
  ...words(
    'a b ab abc aab aaa abcd a.b c aabbc foo xfooy alice/app alice/ bob/alice/x Admin team-12 team-1234 straße STRASSE',
    '€€ €uro λόγος \u212a k 𐍈 / a/b.c 42 ${account} ${labels:x} - ] [',
  ),
  ...['', ' ', 'my team', 'a\nb', 'a'.repeat(40) + '!', 'x'.repeat(40)],
]

requires('go')('what Go itself answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gomatch-'))
  const binary = join(folder, 'gomatch')

  const ask = (questions: Questions): Answers =>
    JSON.parse(
      execFileSync(binary, { input: JSON.stringify(questions), maxBuffer: 1 << 28, encoding: 'utf8' }),
    ) as Answers

  beforeAll(() => {
    execFileSync(program('go'), ['build', '-o', binary, '.'], {
      cwd: join(import.meta.dirname, 'gomatch'),
      env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GO111MODULE: 'on' },
    })
  }, 180_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('80,000 generated globs match, do not match and are malformed as in path.Match', () => {
    const globs: Pair[] = [...sample(fc.tuple(pattern, name), 50_000), ...sample(related, 30_000)]
    const answers = ask({ globs }).globs
    const differences = globs.filter(
      ([glob, text], index) => compileGlob(glob).matches(text) !== (answers[index] === 'yes'),
    )
    expect(differences).toEqual([])
    expect(answers.filter((answer) => answer === 'yes').length).toBeGreaterThan(8_000)
    expect(answers.filter((answer) => answer === 'malformed').length).toBeGreaterThan(5_000)
  })

  test('every pattern that Go calls malformed is known to be so at load', () => {
    const globs: Pair[] = sample(fc.tuple(pattern, name), 20_000)
    const answers = ask({ globs }).globs
    expect(globs.filter(([glob], index) => answers[index] === 'malformed' && !compileGlob(glob).malformed)).toEqual([])
  })

  test('a gap filled is the pattern with the quoted filling in it', () => {
    const cases = sample(gapped, 20_000)
    const answers = ask({ globs: cases.map((one): Pair => [one.pattern, one.name]) }).globs
    const differences = cases.filter((one, index) => {
      const glob = compileGlobWithGaps(one.texts)
      return glob !== undefined && glob.matches(one.name, one.fillings) !== (answers[index] === 'yes')
    })
    expect(differences).toEqual([])
    expect(answers.filter((answer) => answer === 'yes').length).toBeGreaterThan(500)
  })

  test('regular expressions compile, match and capture as in package regexp', () => {
    const regexes = expressions.flatMap((expression) => texts.map((text): Pair => [expression, text]))
    const answers = ask({ regexes }).regexes
    const differences = regexes.flatMap(([expression, text], index) => {
      const compiled = compileRegex(expression)
      const theirs = answers[index] ?? null
      const ours = compiled.outcome === 'invalid' ? 'invalid' : (compiled.regex.groups(text) ?? null)
      const same = ours === 'invalid' ? theirs?.[0] === 'invalid' : JSON.stringify(ours) === JSON.stringify(theirs)
      return same ? [] : [{ expression, text, ours, theirs }]
    })
    expect(differences).toEqual([])
  })

  test('text is quoted as by regexp.QuoteMeta', () => {
    const quotes = sample(fc.string({ unit: 'grapheme' }), 5_000)
    expect(quotes.map(quoteRegex)).toEqual(ask({ quotes }).quotes)
  })

  test('20,000 generated addresses and networks are read and match as in package net', () => {
    const ips: Pair[] = sample(fc.tuple(ipPattern, address), 20_000)
    const answers = ask({ ips }).ips
    const differences = ips.flatMap(([written, ip], index) => {
      const matches = compileIpPattern(written)
      const ours = matches === undefined ? 'malformed' : verdict(matches(parseIp(ip) ?? ''))
      return ours === answers[index] ? [] : [{ written, ip, ours, theirs: answers[index] }]
    })
    expect(differences).toEqual([])
  })
})
