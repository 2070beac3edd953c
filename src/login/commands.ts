// The commands that log in with a password, as text a person pastes into a shell.
import type { Secret } from '../lib/secret.ts'

/** A command and the tool it is for. The password is in it. */
export interface LoginCommand {
  readonly tool: 'docker' | 'podman' | 'nerdctl'
  readonly command: string
}

/** The commands for this account at `registry`; the password comes by standard input, never as an argument. */
export function loginCommands(account: string, password: Secret, registry: string): LoginCommand[] {
  const words = [account, password.reveal(), registry].map(quote)
  const [user = '', secret = '', host = ''] = words
  return (['docker', 'podman', 'nerdctl'] as const).map((tool) => ({
    tool,
    command: `echo ${secret} | ${tool} login -u ${user} --password-stdin ${host}`,
  }))
}

/** One word of a POSIX shell. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02_02 */
export function quote(word: string): string {
  return /^[\w@:,./+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
