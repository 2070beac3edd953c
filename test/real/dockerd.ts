// A Docker engine of the suite's own: its socket, folders and process are apart from any engine of the machine.
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { scratchFolder, startChild, waitUntil } from './children.ts'

export interface Engine {
  /** What the docker command needs in its environment to talk to this engine, with a configuration folder of its own. */
  readonly env: Readonly<Record<string, string>>
}

const ping = (socketPath: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path: '/_ping' }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .once('error', reject)
      .end()
  })

/** Starts an engine without network or overlay mounts, so that root in a container can run it, and waits until it answers. */
export const startEngine = async (): Promise<Engine> => {
  const folder = scratchFolder()
  const socket = join(folder, 'docker.sock')
  const settings = join(folder, 'daemon.json')
  writeFileSync(settings, '{}')
  const child = startChild('dockerd', [
    ...['--config-file', settings, '--host', `unix://${socket}`, '--pidfile', join(folder, 'dockerd.pid')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--storage-driver', 'vfs'],
    ...['--iptables=false', '--ip6tables=false', '--bridge=none'],
  ])
  await waitUntil(child, () => ping(socket))
  return { env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: join(folder, 'client') } }
}
