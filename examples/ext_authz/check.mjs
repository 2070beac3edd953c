#!/usr/bin/env node
// An example of a program for ext_authz: whoever carries a label team may push below that team's name, and every account may pull.
import { readFileSync } from 'node:fs'

const { Account, Type, Name, Actions, Labels } = JSON.parse(readFileSync(0, 'utf8'))
if (Account === '' || Type !== 'repository') process.exit(1)
const own = (Labels?.team ?? []).some((team) => Name.startsWith(`${team}/`))
console.log(JSON.stringify({ actions: Actions.filter((action) => action === 'pull' || (own && action === 'push')) }))
