// What a person who started the embedded default wants to know next.
import { dirname, join } from 'node:path'
import type { Config } from './config.ts'
import { clientHost } from './lib/address.ts'
import type { Secret } from './lib/secret.ts'

/** What a person is told once: where everything is, and the admin's new password. */
export function newFolder(folder: string, password: Secret, resumed: boolean): string {
  const found = resumed ? '\nIt held a key or images without a config.yml; a new one was made for them.' : ''
  return `
Everything registry-auth needs is in ${folder}.${found}
  user      admin
  password  ${password.reveal()}    (shown this once; its hash is in config.yml)
`
}

/** What to try, and what an existing registry needs; to who comes back also how a password is changed. */
export function welcome({ file, registry, server, token }: Config, returning: boolean): string {
  const head = returning ? passwordHelp(file) : 'registry-auth is ready.\n'
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
    rootcertbundle: ${join(dirname(file), 'token.crt')}

`
}

function passwordHelp(configFile: string): string {
  return `registry-auth is ready, as ${configFile} says.
To reset the password or add a user, set its password: in the users section to what this prints, in quotes (live within seconds):
  node dist/main.js hash
`
}
