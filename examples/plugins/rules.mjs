// An example of a module for plugin_authz: whoever carries a label team may push below that team's name, and everybody may pull.

/** @type {import('../../src/authz/module.ts').AuthorizerModule} */
export const authorizer = {
  authorize({ identity, resource }) {
    if (resource.type !== 'repository') return { outcome: 'no-match' }
    const teams = identity.labels['team'] ?? []
    const own = teams.some((team) => resource.name.startsWith(`${team}/`))
    return { outcome: 'decided', actions: own ? ['pull', 'push'] : ['pull'], rule: 'rules.mjs' }
  },
}
