// The configuration that a first start writes for the admin to keep editing.
import { join } from 'node:path'

/** The text of `config.yml`: everything works as it is, and every line says what it is for. */
export function firstConfig(values: {
  readonly folder: string
  readonly passwordHash: string
  readonly server: string
  readonly registry: string
}): string {
  const path = (name: string): string => JSON.stringify(join(values.folder, name))
  // Spaces would end it, so it is a URL.
  const schema = new URL('../schema/config.schema.json', import.meta.url).href
  return `# yaml-language-server: $schema=${schema}
# The configuration of this registry-auth. Saved changes are live within seconds; a mistake is logged and the old rules
# go on serving. Check a change first:  node dist/main.js check ${join(values.folder, 'config.yml')}

server:
  addr: ${JSON.stringify(values.server)} # ":5001" listens on every address; set certificate and key first
  # certificate: /etc/ssl/auth.crt
  # key: /etc/ssl/auth.key
  # public_url: https://auth.example.com # where clients reach this server, if that is not localhost

token:
  issuer: registry-auth
  expiration: 900 # seconds
  certificate: ${path('token.crt')}
  key: ${path('token.key')}

users:
  # A password is a bcrypt hash; make one with:  node dist/main.js hash
  admin:
    password: ${JSON.stringify(values.passwordHash)}
  # alice:
  #   password: "$2b$10$..."
  #   labels: { team: [web] }
  # "": {} # admits anonymous clients; the rules below still decide what they may do

# The first rule that matches decides. What no rule allows is denied.
acl:
  - match: { account: admin }
    actions: ["*"]
    comment: admin may do everything
  - match: { account: "/.+/", type: repository, name: "/^\${account}/.+$/" }
    actions: ["*"]
    comment: each user has a namespace, so alice has alice/...
  # - match: { account: "", type: repository, name: "public/*" }
  #   actions: [pull]
  #   comment: everybody may pull public images

registry:
  http:
    addr: ${JSON.stringify(values.registry)}
  storage:
    filesystem:
      rootdirectory: ${path('registry')}
    delete:
      enabled: true
  auth:
    token:
      # realm: http://localhost:5001/auth # the token server's URL; follows from the server section unless it is given
      service: registry-auth
      issuer: registry-auth
      rootcertbundle: ${path('token.crt')}
`
}
