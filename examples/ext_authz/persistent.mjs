// An example of a program for ext_authz with mode: persistent: whoever carries a label team may push below that team's name, and
// every account may pull.
import { createInterface } from 'node:readline'

function answer({ Account, Type, Name, Actions, Labels }) {
  if (Account === '' || Type !== 'repository') return { result: 'no_match' }
  const own = (Labels?.team ?? []).some((team) => Name.startsWith(`${team}/`))
  return { result: 'allow', actions: Actions.filter((action) => action === 'pull' || (own && action === 'push')) }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...question } = JSON.parse(line)
  console.log(JSON.stringify({ id, ...answer(question) }))
}
