// What a person who started the embedded default wants to know next.
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import type { Address } from './lib/address.ts'

/** The text for the terminal: the new password once, the commands to try, and what an existing registry needs. */
export function welcome(config: Config, { folder, configFile, password }: DataFolder): string {
  const { registry, server, token } = config
  const head = password === undefined ? returning(configFile) : firstTime(folder, password.reveal())
  if (registry === undefined) return `\n${head}\n`
  const host = clientHost(registry.address)
  return `
${head}
Try it:
  docker login -u admin ${host}
  docker tag IMAGE ${host}/admin/IMAGE
  docker push ${host}/admin/IMAGE
or without Docker:
  skopeo login --tls-verify=false -u admin ${host}
  skopeo copy --dest-tls-verify=false docker-archive:IMAGE.tar docker://${host}/admin/IMAGE

A registry of your own takes these tokens with this in its configuration, under auth:
  token:
    realm: ${server.publicUrl}${server.pathPrefix}/auth
    service: ${JSON.stringify(registry.trust.service)}
    issuer: ${JSON.stringify(token.issuer)}
    rootcertbundle: ${folder}/token.crt

`
}

function firstTime(folder: string, password: string): string {
  return `registry-auth is ready. Everything it needs is in ${folder}.
  user      admin
  password  ${password}    (shown this once; its hash is in config.yml)
`
}

function returning(configFile: string): string {
  return `registry-auth is ready, as ${configFile} says.
To reset the password or add a user, put the line that this prints into its users section (it is live within seconds):
  node dist/main.js hash
`
}

function clientHost(address: Address): string {
  if (address.kind === 'unix') return address.path
  const { host, port } = address
  return `${host === undefined || host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host}:${port}`
}
