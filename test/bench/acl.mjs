// What a decision costs: with ten rules and with a hundred thousand, looked up and walked, and for somebody in 500 groups.
import { compileAcl } from '../../dist/authz/acl/acl.js'
import { createPatternCompiler } from '../../dist/authz/acl/pattern.js'
import { compileRule, grantedBy, matchesRule } from '../../dist/authz/acl/rule.js'
import { startWalk } from '../../dist/authz/acl/walk.js'

const FEW = 10
const MANY = 100_000
const WALKED = [2, 10, 50, 70, 100, 200]
const ROUNDS = 300
const BATCH = 64
const FIRST = 100_000

/** Lists as admins have them: the rule with this number, and who it is for. Numbers begin high, so that names are equally long. */
const SHAPES = {
  'teams, by label and name': {
    entry: (n) => ({ match: { labels: { team: `team-${n}` }, name: `team-${n}/*` }, actions: ['*'] }),
    ask: (n) => ({ labels: { team: ['all', `team-${n}`] }, name: `team-${n}/app` }),
  },
  'teams, by label only': {
    entry: (n) => ({ match: { labels: { team: `team-${n}` } }, actions: ['pull'] }),
    ask: (n) => ({ labels: { team: ['all', `team-${n}`] }, name: 'library/app' }),
  },
  'namespaces, by account': {
    entry: (n) => ({ match: { account: `user${n}`, name: `user${n}/*` }, actions: ['*'] }),
    ask: (n) => ({ account: `user${n}`, name: `user${n}/app` }),
  },
  'literal names': {
    entry: (n) => ({ match: { account: '/.+/', name: `library/image-${n}` }, actions: ['pull'] }),
    ask: (n) => ({ name: `library/image-${n}` }),
  },
  'beginnings of names': {
    entry: (n) => ({ match: { name: `project${n}-*` }, actions: ['pull', 'push'] }),
    ask: (n) => ({ name: `project${n}-app` }),
  },
}

/** Lists in which nothing can be looked up. */
const UNINDEXED = {
  'unanchored expressions': {
    entry: (n) => ({ match: { name: `/x${n}y$/` }, actions: ['pull'] }),
    ask: (n) => ({ name: `library/x${n}y` }),
  },
  'globs that begin with a star': {
    entry: (n) => ({ match: { name: `*-${n}` }, actions: ['pull'] }),
    ask: (n) => ({ name: `app-${n}` }),
  },
}

// One string each, as those that come from outside are; put together here, they would be joined on the clock.
const flat = (text) => Buffer.from(text).toString('latin1')
const request = ({ account = 'alice', labels = {}, name }) => ({
  identity: {
    account: flat(account),
    labels: Object.fromEntries(Object.entries(labels).map(([label, values]) => [label, values.map(flat)])),
    labelsArePatterns: false,
  },
  resource: { type: 'repository', name: flat(name), actions: ['pull', 'push'] },
  service: 'registry',
  ip: '192.0.2.7',
})
const nobody = () => request({ account: 'nobody', labels: { team: ['none'] }, name: 'nowhere/app' })

function list(shape, size) {
  const entries = Array.from({ length: size }, (_, n) => ({ entry: shape.entry(FIRST + n), position: `acl.yml:${n}` }))
  return compileAcl(entries).acl
}

/** The same rules without an index. */
function walked(shape, size) {
  const { compile } = createPatternCompiler(1)
  const rules = Array.from({ length: size }, (_, n) =>
    compileRule({ entry: shape.entry(FIRST + n), position: `acl.yml:${n}` }, n, compile),
  ).map(({ rule }) => rule)
  return {
    decide(asked, now) {
      const walk = startWalk(asked, now)
      for (const rule of rules) {
        if (!matchesRule(rule, walk)) continue
        return { outcome: 'decided', actions: grantedBy(rule, asked.resource.actions), rule: rule.name }
      }
      return { outcome: 'no-match' }
    },
  }
}

/** Nanoseconds for one decision, in turns, so that the machine's drift hits all; a low quantile, because others use the machine too. */
function measure(subjects) {
  const times = subjects.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    const turns = [...subjects.entries()]
    for (const [index, { decide, make }] of round % 2 === 0 ? turns : turns.reverse()) {
      const asked = Array.from({ length: BATCH }, make)
      const began = performance.now()
      for (const one of asked) decide(one)
      times[index].push(((performance.now() - began) / BATCH) * 1e6)
    }
  }
  return times.map((all) => all.sort((one, other) => one - other)[Math.floor(ROUNDS / 4)])
}

const ratioOf = (print, name, [value, base]) =>
  print(name, (value / base).toFixed(2), `${Math.round(value)} / ${Math.round(base)} ns`)
const any = (size) => FIRST + Math.floor(Math.random() * size)

function scale(print) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const began = performance.now()
    const many = list(shape, MANY)
    const built = Math.round(performance.now() - began)
    globalThis.gc?.()
    const size = (process.memoryUsage().heapUsed - before) / 2 ** 20
    const decideMany = (one) => many.decide(one, 0)
    const few = list(shape, FEW)
    const decideFew = (one) => few.decide(one, 0)
    // One team's requests come one after the other; requests of all teams at random read rules that no cache holds.
    const cases = {
      'last rule': [() => request(shape.ask(FIRST + MANY - 1)), () => request(shape.ask(FIRST + FEW - 1))],
      'no rule': [nobody, nobody],
      'any rule': [() => request(shape.ask(any(MANY))), () => request(shape.ask(any(FEW)))],
    }
    for (const [which, [makeMany, makeFew]] of Object.entries(cases)) {
      const times = measure([
        { decide: decideMany, make: makeMany },
        { decide: decideFew, make: makeFew },
      ])
      ratioOf(print, `${name}: ${which}, ${MANY} / ${FEW} rules`, times)
    }
    const memory = globalThis.gc === undefined ? '' : `${size.toFixed(0)} MiB`
    print(`${name}: compiling ${MANY} rules, ms`, String(built), memory)
  }
}

function index(print) {
  for (const [name, shape] of Object.entries({ ...SHAPES, ...UNINDEXED })) {
    for (const size of WALKED) {
      const acl = list(shape, size)
      const plain = walked(shape, size)
      const ratios = [() => request(shape.ask(any(size))), nobody].map((make) => {
        const [indexed, base] = measure([
          { decide: (one) => acl.decide(one, 0), make },
          { decide: (one) => plain.decide(one, 0), make },
        ])
        return indexed / base
      })
      print(`${name}, ${size} rules: index / plain walk`, ratios[0].toFixed(2), `no rule ${ratios[1].toFixed(2)}`)
    }
  }
}

function groups(print) {
  const values = Array.from({ length: 500 }, (_, n) => `group-${n}`)
  const labels = { a: values, b: values, c: values }
  const pattern = '${labels:a}/${labels:b}/${labels:c}'
  const cases = {
    'a name that matches': [pattern, 'group-7/group-77/group-499'],
    'a name that does not': [pattern, 'group-7/group-77/group-500'],
    'a name of all groups': ['*${labels:a}*${labels:b}*${labels:c}!', values.join('')],
    'the same label twice': ['${labels:a}*${labels:b}*${labels:a}', values.slice(0, 100).join('')],
    'an expression': ['/^${labels:a}\\/${labels:b}\\/${labels:c}$/', 'group-7/group-77/group-499'],
    'an expression that gives up': ['/${labels:a}?${labels:b}?(${labels:c}|x)!/', values.join('')],
  }
  for (const [name, [glob, asked]] of Object.entries(cases)) {
    const { acl } = compileAcl([{ entry: { match: { name: glob }, actions: ['*'] }, position: 'acl.yml:1' }])
    const runs = Array.from({ length: 20 }, () => {
      const began = performance.now()
      acl.decide(request({ labels, name: asked }), 0)
      return performance.now() - began
    })
    print(
      `500 groups, 3 placeholders, ${name}: ms`,
      runs.sort((a, b) => a - b)[10].toFixed(2),
      `worst ${runs[19].toFixed(1)}`,
    )
  }
}

/** One decision of the access list. With `node --expose-gc`, what a list of rules takes in memory too. */
export function acl(print) {
  scale(print)
  index(print)
  groups(print)
}
