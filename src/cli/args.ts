// The command line: our own commands, and docker_auth's calling convention. cli/ knows the rooms, but not the other doors.
import { ConfigError } from '../lib/errors.ts'
import { nearest } from '../lib/nearest.ts'
import { aclActions, isAclAction } from './acl/acl.ts'
import type { AclCommand } from './acl/acl.ts'
import type { SchemaKind } from './schema.ts'

/** What the command line asks for. */
export type Command =
  | { readonly name: 'serve'; readonly configFile: string | undefined }
  | { readonly name: 'check'; readonly configFile: string }
  | { readonly name: 'store migrate'; readonly configFile: string; readonly undo: boolean }
  | { readonly name: 'schema'; readonly kind: SchemaKind }
  | { readonly name: 'hash' | 'help' | 'version' }
  | { readonly name: 'keygen'; readonly folder: string; readonly type: 'ec' | 'rsa' | 'ed25519' }
  | ({ readonly name: 'acl' } & AclCommand)

const KEY_TYPES = ['ec', 'rsa', 'ed25519'] as const

// glog's flags, which docker_auth's users have in their unit files and charts; those that take a value may take it as the next word.
const GLOG_SWITCHES = ['logtostderr', 'alsologtostderr']
const GLOG_VALUES = ['v', 'log_dir', 'stderrthreshold', 'vmodule', 'log_backtrace_at']

/** Reads the arguments after the program's name. Throws ConfigError for what it does not understand. */
export function parseArguments(args: readonly string[]): Command {
  const [first, ...rest] = withoutGlogFlags(args)
  if (first === 'acl') return parseAcl(rest)
  if (rest.includes('--help') || rest.includes('-h')) return { name: 'help' }
  if (first === undefined) return { name: 'serve', configFile: undefined }
  if (first === 'help' || first === '--help' || first === '-h') return { name: 'help' }
  if (first === 'version' || first === '--version') return { name: 'version' }
  if (first === 'hash') {
    if (rest.length > 0)
      throw new ConfigError('hash takes no arguments: type the password at its prompt, or pipe it in')
    return { name: 'hash' }
  }
  if (first === 'keygen') return parseKeygen(rest)
  if (first === 'store') return parseStore(rest)
  if (first === 'schema') return { name: 'schema', kind: schemaKind(only(rest, 'schema') ?? 'config') }
  if (first === 'check') return { name: 'check', configFile: only(rest, 'check') ?? missing('check') }
  if (first === 'serve') return { name: 'serve', configFile: only(rest, 'serve') }
  if (first.startsWith('-')) throw new ConfigError(`unknown option ${first}; see registry-auth help`)
  if (!/[./\\]/.test(first))
    throw new ConfigError(`unknown command ${first}; see registry-auth help (for a file of that name, say ./${first})`)
  return { name: 'serve', configFile: only([first, ...rest], 'registry-auth') }
}

function parseKeygen(args: readonly string[]): Command {
  const options = args.filter((arg) => arg.startsWith('-'))
  const type = KEY_TYPES.find((known) => options[0] === `--type=${known}`)
  if (options.length > 1 || (options.length === 1 && type === undefined)) {
    throw new ConfigError(`keygen knows one option: --type=${KEY_TYPES.join('|')}`)
  }
  const folder = only(
    args.filter((arg) => !arg.startsWith('-')),
    'keygen',
  )
  return { name: 'keygen', folder: folder ?? '.', type: type ?? 'ec' }
}

function parseStore([action, ...rest]: readonly string[]): Command {
  if (action !== 'migrate') throw new ConfigError('store knows one action: migrate [--undo] CONFIG')
  const options = rest.filter((arg) => arg.startsWith('-'))
  if (options.some((option) => option !== '--undo')) throw new ConfigError('store migrate knows one option: --undo')
  const files = rest.filter((arg) => !arg.startsWith('-'))
  const configFile = only(files, 'store migrate') ?? missing('store migrate')
  return { name: 'store migrate', configFile, undo: options.length > 0 }
}

function parseAcl([action, ...args]: readonly string[]): Command {
  if (action === undefined) throw new ConfigError(`acl needs an action: ${ACL_ACTIONS}; see registry-auth acl --help`)
  if (action === 'help' || action === '--help' || action === '-h') return { name: 'acl', action: 'help', args }
  if (isAclAction(action)) return { name: 'acl', action, args }
  const suggestion = nearest(action, aclActions)
  const meant = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  throw new ConfigError(`acl knows ${ACL_ACTIONS}, not ${action}${meant}`)
}

const ACL_ACTIONS = aclActions.join(', ')

function schemaKind(text: string): SchemaKind {
  if (text === 'config' || text === 'acl') return text
  throw new ConfigError(`schema knows config and acl, not ${text}`)
}

function only(args: readonly string[], command: string): string | undefined {
  if (args.length > 1)
    throw new ConfigError(`${command} takes one argument, not ${args.length}; see registry-auth help`)
  return args[0]
}

function missing(command: string): never {
  throw new ConfigError(`${command} needs the path of a configuration file`)
}

function withoutGlogFlags(args: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    // What follows is for a command that reads its options itself.
    if (arg === 'acl' && kept.length === 0) return args.slice(index)
    const [, name = '', value] = /^--?(\w+)(=.*)?$/.exec(arg) ?? []
    if (GLOG_SWITCHES.includes(name)) continue
    if (!GLOG_VALUES.includes(name)) kept.push(arg)
    else if (value === undefined) index++
  }
  return kept
}

/** What `registry-auth help` prints. */
export const HELP = `registry-auth: decides who may pull and push which container images

  registry-auth [serve]            run with an embedded default in ./data (REGISTRY_AUTH_DATA moves it)
  registry-auth [serve] CONFIG     run with a configuration file (docker_auth's, or one of examples/)
  registry-auth check CONFIG       say everything that is wrong with a configuration file
  registry-auth hash               turn a password into the bcrypt hash a configuration holds
  registry-auth keygen [--type=ec|rsa|ed25519] [FOLDER]
                                   make token.key and a self-signed token.crt, never overwriting any
  registry-auth store migrate [--undo] CONFIG
                                   give docker passwords of browser sign-ins their provider's name, or docker_auth's form back
  registry-auth schema [config|acl]
                                   print the JSON Schema by which editors complete and check such files

  registry-auth acl show PATH      say what one person may do: PATH is a configuration, a file of rules, or a folder of such files
  registry-auth acl explain        say how a request is decided, rule by rule, here or by a running server
  registry-auth acl test PATH…     run the tests that stand beside the rules
  registry-auth acl lint PATH      find rules that do nothing, or not what they seem to
  registry-auth acl diff OLD NEW   show requests that two lists answer differently
  registry-auth acl replay NEW     decide the requests of a log by another list
                                   (registry-auth acl ACTION --help tells of the options)

Without a configuration file, REGISTRY_AUTH_ADDR and REGISTRY_AUTH_REGISTRY_ADDR move the two ports.
`
