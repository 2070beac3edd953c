// The command line is docker_auth's, with its flags tolerated, and our own commands.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { HELP, parseArguments } from '../../src/cli/args.ts'
import { ConfigError } from '../../src/lib/errors.ts'

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')

describe('what is asked for', () => {
  test.each([
    ['', { name: 'serve', configFile: undefined }],
    ['/config/auth_config.yml', { name: 'serve', configFile: '/config/auth_config.yml' }],
    ['auth_config.yml', { name: 'serve', configFile: 'auth_config.yml' }],
    ['./config', { name: 'serve', configFile: './config' }],
    ['serve', { name: 'serve', configFile: undefined }],
    ['serve config', { name: 'serve', configFile: 'config' }],
    ['check config', { name: 'check', configFile: 'config' }],
    ['hash', { name: 'hash' }],
    ['keygen', { name: 'keygen', folder: '.', type: 'ec' }],
    ['keygen keys', { name: 'keygen', folder: 'keys', type: 'ec' }],
    ['keygen --type=rsa keys', { name: 'keygen', folder: 'keys', type: 'rsa' }],
    ['keygen keys --type=ed25519', { name: 'keygen', folder: 'keys', type: 'ed25519' }],
    ['acl test', { name: 'acl', action: 'test', args: [] }],
    ['acl lint --json acl', { name: 'acl', action: 'lint', args: ['--json', 'acl'] }],
    ['acl diff --help', { name: 'acl', action: 'diff', args: ['--help'] }],
    ['acl replay --log - -v --v 2 -- -x', { name: 'acl', action: 'replay', args: words('--log - -v --v 2 -- -x') }],
    ['-v 2 --logtostderr acl show -v', { name: 'acl', action: 'show', args: ['-v'] }],
    ['acl explain acl', { name: 'acl', action: 'explain', args: ['acl'] }],
    ['acl --help', { name: 'acl', action: 'help', args: [] }],
    ['acl -h', { name: 'acl', action: 'help', args: [] }],
    ['acl help', { name: 'acl', action: 'help', args: [] }],
    ['serve acl', { name: 'serve', configFile: 'acl' }],
    ['help', { name: 'help' }],
    ['--help', { name: 'help' }],
    ['-h', { name: 'help' }],
    ['version', { name: 'version' }],
    ['--version', { name: 'version' }],
  ])('%s', (line, expected) => {
    expect(parseArguments(words(line))).toEqual(expected)
  })
})

describe("docker_auth's flags are tolerated in every spelling", () => {
  test.each([
    '-v=2',
    '--v=2',
    '-v 2',
    '--v 2',
    '-logtostderr',
    '--logtostderr',
    '-logtostderr=true',
    '--alsologtostderr=false',
    '-alsologtostderr',
    '-log_dir=/var/log',
    '--log_dir /var/log',
    '-stderrthreshold=INFO',
    '--stderrthreshold INFO',
    '-vmodule=server=2,authz=3',
    '--vmodule server=2',
    '-log_backtrace_at file.go:10',
    '--v=2 -logtostderr --log_dir /var/log -stderrthreshold=ERROR',
  ])('%s', (flags) => {
    const expected = { name: 'serve', configFile: '/config/auth_config.yml' }
    expect(parseArguments(words(`${flags} /config/auth_config.yml`))).toEqual(expected)
    expect(parseArguments(words(`serve ${flags} /config/auth_config.yml`))).toEqual(expected)
    expect(parseArguments(words(`/config/auth_config.yml ${flags}`))).toEqual(expected)
  })
})

describe('what is not understood is one sentence', () => {
  test.each([
    ['confg', 'unknown command confg; see registry-auth help (for a file of that name, say ./confg)'],
    ['--config=x.yml', 'unknown option --config=x.yml; see registry-auth help'],
    ['-x', 'unknown option -x; see registry-auth help'],
    ['a.yml b.yml', 'registry-auth takes one argument, not 2; see registry-auth help'],
    ['serve a b c', 'serve takes one argument, not 3; see registry-auth help'],
    ['check', 'check needs the path of a configuration file'],
    ['check a b', 'check takes one argument, not 2; see registry-auth help'],
    ['hash hunter2', 'hash takes no arguments: type the password at its prompt, or pipe it in'],
    ['keygen --type=dsa', 'keygen knows one option: --type=ec|rsa|ed25519'],
    ['keygen --type rsa', 'keygen knows one option: --type=ec|rsa|ed25519'],
    ['keygen --type=ec --type=rsa', 'keygen knows one option: --type=ec|rsa|ed25519'],
    ['acl', 'acl needs an action: explain, lint, test, diff, replay, show; see registry-auth acl --help'],
    ['acl explian', 'acl knows explain, lint, test, diff, replay, show, not explian; did you mean explain?'],
    ['acl toString', 'acl knows explain, lint, test, diff, replay, show, not toString'],
    ['keygen a b', 'keygen takes one argument, not 2; see registry-auth help'],
  ])('%s', (line, expected) => {
    expect(() => parseArguments(words(line))).toThrow(new ConfigError(expected))
  })

  test('and never repeats a password that was given as an argument', () => {
    expect(() => parseArguments(['hash', 'hunter2'])).toThrow(/^(?!.*hunter2)/)
  })
})

test('arbitrary words are a command or a ConfigError', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('serve', 'check', 'hash', 'keygen', 'acl', 'lint', '-v', '--v=', '-', '--', '--type=rsa', 'a.yml'),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (args) => {
      try {
        return typeof parseArguments(args).name === 'string'
      } catch (error) {
        return error instanceof ConfigError
      }
    }),
  )
})

test.each([
  'serve',
  'check',
  'hash',
  'keygen',
  ...['explain', 'lint', 'test', 'diff', 'replay', 'show'].map((action) => `acl ${action} `),
  'REGISTRY_AUTH_DATA',
  'REGISTRY_AUTH_ADDR',
  'REGISTRY_AUTH_REGISTRY_ADDR',
])('help tells of %s', (word) => {
  expect(HELP).toContain(word)
})
