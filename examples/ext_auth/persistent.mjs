// An example of a program for ext_auth with mode: persistent: it looks accounts up in a file of account:password:team lines.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const accounts = new Map(
  readFileSync(process.argv[2] ?? '', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([account, password, team]) => [account, { password, team }]),
)

function answer(account, password) {
  const known = account === '' ? undefined : accounts.get(account)
  if (known === undefined) return { result: 'no_match' }
  if (known.password !== password) return { result: 'wrong_password' }
  return { result: 'allow', labels: { team: [known.team] } }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, account, password } = JSON.parse(line)
  console.log(JSON.stringify({ id, ...answer(account, password) }))
}
