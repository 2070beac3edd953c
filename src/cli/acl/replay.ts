// registry-auth acl replay: the real requests of a log that another list would decide differently.
import { ConfigError } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { openLog } from './log-lines.ts'
import type { LogFile } from './log-lines.ts'
import { parseOptions } from './options.ts'
import { createProgressBar } from './replay-progress.ts'
import { formatReplay } from './replay-report.ts'
import { replayLogs } from './replay-run.ts'
import type { AclTools } from './tools.ts'

const OPTIONS = { log: { type: 'string', multiple: true }, json: { type: 'boolean' } } as const

/**
 * Decides the requests of logs by another list and prints what differs. The exit status is 0 when something was decided and nothing
 * differs. Throws ConfigError for arguments, a list or a log that cannot be read.
 */
export async function replay(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl replay', args, OPTIONS)
  const [path, ...more] = positionals
  if (values.log === undefined)
    throw new ConfigError('acl replay needs --log and the path of a log; - reads what is piped in')
  if (path === undefined || more.length > 0)
    throw new ConfigError(`acl replay takes the path of one list, not ${positionals.length}`)
  const list = await tools.loadList(path)
  const logs: LogFile[] = []
  for (const log of values.log) logs.push(await openLog(log))

  const total = logs.reduce<number | undefined>(
    (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  )
  const bar = tools.isTerminal ? createProgressBar(tools.err, tools.now) : undefined
  const onBatch = (lines: number): void =>
    bar?.show({ total, bytes: logs.reduce((sum, log) => sum + log.bytesRead(), 0), lines })
  const result = await replayLogs(logs, list, onBatch).finally(() => bar?.clear())

  tools.out.write(values.json === true ? formatJsonLine(result) : formatReplay(result))
  return result.requests > 0 && result.differing === 0 ? 0 : 1
}
