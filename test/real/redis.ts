// Redis, as one server or as a cluster of three, with data of the suite's own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, endChild, freePort, scratchFolder, startChild, succeeds, waitUntil } from './children.ts'

export interface RedisOptions {
  readonly password?: string
  /** Three masters that share the slots, instead of one server. */
  readonly cluster?: boolean
}

export interface Redis {
  /** `127.0.0.1:port` of every server; one of them is enough to find a cluster's others. */
  readonly addresses: readonly string[]
  /** Ends every server at once; their clients see their connections break. */
  stop(): Promise<void>
  /** Starts them again, after `stop`, on the same ports with the same data. */
  restart(): Promise<void>
}

interface Node {
  readonly port: number
  /** Of the cluster's own conversation; by default the other port and 10000, which may not exist. */
  readonly busPort: number
  readonly folder: string
}

const slots = 16_384

const configText = ({ port, busPort, folder }: Node, { password, cluster }: RedisOptions): string =>
  [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${folder}`,
    'save ""',
    'appendonly yes',
    'appendfsync no',
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
    ...(cluster ? ['cluster-enabled yes', `cluster-port ${busPort}`] : []),
  ].join('\n')

/** Starts one server or three, and waits until they answer; a cluster's when every slot is served. */
export const startRedis = async (options: RedisOptions = {}): Promise<Redis> => {
  const root = scratchFolder()
  const nodes: Node[] = []
  for (const name of options.cluster ? ['one', 'two', 'three'] : ['one']) {
    const folder = join(root, name)
    mkdirSync(folder)
    nodes.push({ port: await freePort(), busPort: await freePort(), folder })
  }
  const ask = ({ port }: Node, ...command: string[]): Promise<string> =>
    succeeds('redis-cli', ['-p', String(port), ...command], {
      // An empty variable is as none.
      env: { REDISCLI_AUTH: options.password ?? '' },
    })

  let children: Child[] = []
  const start = async (): Promise<void> => {
    // From stdin, so that the password is in no process list.
    children = nodes.map((node) => startChild('redis-server', ['-'], { input: configText(node, options) }))
    for (const [index, node] of nodes.entries()) {
      await waitUntil(children[index]!, async () => (await ask(node, 'ping')).trim() === 'PONG')
    }
  }
  const whole = async (): Promise<void> => {
    if (!options.cluster) return
    for (const [index, node] of nodes.entries()) {
      await waitUntil(children[index]!, async () =>
        /cluster_state:ok[^]*cluster_known_nodes:3/.test(await ask(node, 'cluster', 'info')),
      )
    }
  }
  await start()
  if (options.cluster) {
    const share = Math.ceil(slots / nodes.length)
    for (const [index, node] of nodes.entries()) {
      const last = Math.min((index + 1) * share, slots) - 1
      await ask(node, 'cluster', 'set-config-epoch', String(index + 1))
      await ask(node, 'cluster', 'addslotsrange', String(index * share), String(last))
      if (index > 0) await ask(nodes[0]!, 'cluster', 'meet', '127.0.0.1', String(node.port), String(node.busPort))
    }
  }
  await whole()
  return {
    addresses: nodes.map(({ port }) => `127.0.0.1:${port}`),
    stop: async () => {
      for (const child of children) await endChild(child, 'SIGKILL')
    },
    restart: async () => {
      await start()
      await whole()
    },
  }
}
