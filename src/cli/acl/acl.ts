// registry-auth acl: the tools for access lists, each loaded when it is asked for.
import type { AclTools } from './tools.ts'

type Run = (args: readonly string[], tools: AclTools) => Promise<number>

interface Action {
  readonly usage: string
  readonly load: () => Promise<Run>
}

const WHO = `  --account NAME        who asks; '' is somebody who does not sign in
  --label NAME=VALUE    a label of theirs; again for more
  --quoted-labels       their labels come from a directory or an identity provider: rules take them literally
  --ip ADDRESS          from where
  --service NAME        for which service
`

const PATHS = 'PATH is a configuration file, a file of rules, or a folder of such files.\n'

const ACTIONS = {
  explain: {
    usage: `registry-auth acl explain [CONFIG] --account NAME --scope SCOPE [options]
Says how a request is decided, rule by rule. With CONFIG (a configuration, a file of rules or a folder of such) every back end is
asked from here; without it, a running server answers. The exit status is 0 when everything asked for is granted.

${WHO}  --scope SCOPE         what for, such as repository:app/web:pull,push; again for more
  --at TIME             when, such as 2026-11-23T08:30:00Z, if not now; needs CONFIG
  --data FOLDER         the data folder of the running server, if not ./data or REGISTRY_AUTH_DATA
  --all                 every rule looked at, however many
  --json                for programs
`,
    load: async () => (await import('./explain.ts')).explain,
  },
  lint: {
    usage: `registry-auth acl lint [--json] PATH
Finds rules that do nothing, or not what they seem to. The exit status is 0 when there are none.

  --json                for programs

${PATHS}`,
    load: async () => (await import('./lint.ts')).lint,
  },
  test: {
    usage: `registry-auth acl test [--json] PATH…
Runs the tests that stand beside the rules. The exit status is 0 when there are some and all of them pass.

  --json                for programs

${PATHS}`,
    load: async () => (await import('./test.ts')).testLists,
  },
  diff: {
    usage: `registry-auth acl diff [--json] OLD NEW
Shows requests that two lists answer differently. The exit status is 0 when there are none.

  --json                for programs

OLD and NEW are configuration files, files of rules, or folders of such files.
`,
    load: async () => (await import('./diff.ts')).diff,
  },
  replay: {
    usage: `registry-auth acl replay --log FILE [--log FILE…] [--json] NEW
Decides the requests of a log, ours or docker_auth's, by another list. The exit status is 0 when there are some and none is
decided differently.

  --log FILE            a log, also as FILE.gz; - reads what is piped in
  --json                for programs

NEW is a configuration file, a file of rules, or a folder of such files.
`,
    load: async () => (await import('./replay.ts')).replay,
  },
  show: {
    usage: `registry-auth acl show PATH --account NAME [options]
Shows what one person may do.

${WHO}  --at TIME             when, such as 2026-11-23T08:30:00Z; else rules with a time say so
  --json                for programs

${PATHS}`,
    load: async () => (await import('./show.ts')).show,
  },
} as const satisfies Readonly<Record<string, Action>>

/** A tool for access lists. */
export type AclAction = keyof typeof ACTIONS

/** What the command line asks of `acl`; `help` tells of all of them. */
export interface AclCommand {
  readonly action: AclAction | 'help'
  readonly args: readonly string[]
}

/** Whether there is such a tool. */
export function isAclAction(word: string): word is AclAction {
  return Object.hasOwn(ACTIONS, word)
}

/** The names of the tools. */
export const aclActions: readonly string[] = Object.keys(ACTIONS)

/** Runs a tool, or prints how it is used, and answers the exit status. Throws ConfigError for what it does not understand. */
export async function runAcl({ action, args }: AclCommand, tools: AclTools): Promise<number> {
  if (action === 'help') {
    tools.out.write(
      Object.values(ACTIONS)
        .map(({ usage }) => usage)
        .join('\n'),
    )
    return 0
  }
  const { usage, load } = ACTIONS[action]
  if (asksForHelp(args)) {
    tools.out.write(usage)
    return 0
  }
  return (await load())(args, tools)
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h')
}
