// Runs the embedded default: the data folder's configuration, made on the first start.
import type { Writable } from 'node:stream'
import { parseTcpAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import { isPrepared, prepareDataFolder } from './data-folder.ts'
import { ConfigError } from './lib/errors.ts'
import type { Logger, LogOutput } from './lib/logger.ts'
import { openListener } from './listener.ts'
import { serve } from './serve.ts'
import { newFolder, welcome } from './welcome.ts'

const DOORS = {
  server: { variable: 'REGISTRY_AUTH_ADDR', usual: '127.0.0.1:5001', other: '127.0.0.1:5101' },
  registry: { variable: 'REGISTRY_AUTH_REGISTRY_ADDR', usual: '127.0.0.1:5000', other: '127.0.0.1:5100' },
} as const

/** Serves the folder that REGISTRY_AUTH_DATA names (./data), telling `notes`, for people, what to try. Throws ConfigError when it cannot. */
export async function serveDefault(
  env: Readonly<Record<string, string | undefined>>,
  output: LogOutput,
  notes: Writable,
): Promise<void> {
  const folder = env['REGISTRY_AUTH_DATA'] || 'data'
  const chosen = { server: chosenAddress(env, 'server'), registry: chosenAddress(env, 'registry') }
  const moveWith = { server: cure('server'), registry: cure('registry') }
  const addresses = { server: chosen.server ?? DOORS.server.usual, registry: chosen.registry ?? DOORS.registry.usual }
  if (addresses.server === addresses.registry)
    throw new ConfigError(`both servers cannot listen on ${addresses.server}: ${moveWith.registry}`)
  if (!(await isPrepared(folder))) {
    // Before anything is created: a start that fails leaves nothing behind.
    await requireFree(addresses.server, moveWith.server, output.log)
    await requireFree(addresses.registry, moveWith.registry, output.log)
  }
  const data = await prepareDataFolder(folder, addresses, Date.now)
  const overrides = { serverAddr: chosen.server, registryAddr: chosen.registry }
  const { configFile } = data
  // At once: a start that ends early must not take the only sight of the password with it.
  if (data.password !== undefined) notes.write(newFolder(data.folder, data.password, data.resumed))
  await serve({
    configFile,
    overrides,
    moveWith,
    dataFolder: data.folder,
    output,
    ready: (config) => void notes.write(welcome(config, data.password === undefined)),
  })
}

function chosenAddress(
  env: Readonly<Record<string, string | undefined>>,
  door: keyof typeof DOORS,
): string | undefined {
  const { variable, other } = DOORS[door]
  const value = env[variable]
  if (value === undefined || value === '') return undefined
  if (parseTcpAddress(value) === undefined)
    throw new ConfigError(`${variable}=${value} is not an address such as ${other}`)
  return value
}

function cure(door: keyof typeof DOORS): string {
  return `set ${DOORS[door].variable}, for example to ${DOORS[door].other}`
}

async function requireFree(text: string, moveWith: string, log: Logger): Promise<void> {
  const address: Address | undefined = parseTcpAddress(text)
  if (address === undefined) throw new ConfigError(`${text} is not an address`)
  const probe = await openListener({ address, tls: undefined, moveWith }, log)
  await probe.close()
}
