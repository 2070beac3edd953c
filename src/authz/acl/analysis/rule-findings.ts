// What a rule says that its author surely did not mean, whatever stands around it.
import { nearest } from '../../../lib/nearest.ts'
import type { AclList, ListedRule } from '../list.ts'
import { FIELDS } from '../template.ts'
import { findingAt, listed } from './finding.ts'
import type { Finding, Looked } from './finding.ts'
import { mixedUp, names, warnings } from './pattern-findings.ts'
import type { Region } from './region.ts'
import { anonymous, loopback, pushWithoutPull } from './rights-findings.ts'
import { stars } from './star-findings.ts'

const CHECKS = [warnings, mixedUp, anonymous, loopback, stars, labels, pushWithoutPull, types, names, actions, catalog]

/** Looks at one rule of a list. `now` (ms since 1970) is for examples. */
export function findInRule(rule: ListedRule, region: Region, list: AclList, now: number): Finding[] {
  const looked = { rule, region, list, now }
  return CHECKS.flatMap((check) => check(looked))
}

function labels({ rule, region, list }: Looked): Finding[] {
  const known = list.setting?.labels
  if (known === undefined) return []
  const { match } = rule.entry
  const mentioned = [
    ...Object.keys(match.labels ?? {}).map((label) => ({ label, path: ['match', 'labels', label] })),
    ...Object.keys(match.requires_labels ?? {}).map((label) => ({ label, path: ['match', 'requires_labels', label] })),
    ...FIELDS.flatMap((field) =>
      (region.fields[field]?.template?.placeholders ?? []).flatMap((one) =>
        one.kind === 'label' ? { label: one.label, path: ['match', field] } : [],
      ),
    ),
  ]
  return mentioned
    .filter(({ label }) => !known.includes(label))
    .map(({ label, path }) => {
      const meant = nearest(label, known)
      const all = known.length === 0 ? 'none gives labels' : `they give ${known.join(', ')}`
      return findingAt(rule, path, {
        kind: 'label',
        message: `${path.join('.')} needs the label "${label}", which nobody has`,
        why: `no configured back end gives it: ${all}`,
        fix:
          meant === undefined
            ? 'remove the rule, or configure a back end that gives the label'
            : `did you mean "${meant}"?`,
      })
    })
}

const TYPES = ['repository', 'registry']

function types({ rule, region }: Looked): Finding[] {
  const { type } = region.fields
  if (type?.literal === undefined || TYPES.includes(type.literal)) return []
  const meant = nearest(type.literal.replace(/\(.*$/, ''), TYPES)
  return [
    findingAt(rule, ['match', 'type'], {
      kind: 'type',
      proved: !/^[a-z0-9]+$/.test(type.literal),
      message: `match.type "${type.literal}" is no type that registries ask for`,
      why: 'they ask for repository (a plugin is a repository, too) and registry (the catalog)',
      fix: meant === undefined ? `one of ${TYPES.join(', ')}` : `did you mean "${meant}"?`,
    }),
  ]
}

const ACTIONS = ['pull', 'push', 'delete']

// Others may exist somewhere; one that is nearly one of these is a slip.
function actions({ rule }: Looked): Finding[] {
  return rule.entry.actions.flatMap((action, index) => {
    const meant = action === '*' || ACTIONS.includes(action) ? undefined : nearest(action, ACTIONS)
    if (meant === undefined) return []
    return findingAt(rule, ['actions', index], {
      kind: 'action',
      proved: false,
      message: `actions.${index} "${action}" is no action that registries ask for`,
      why: `they ask for ${ACTIONS.join(', ')}, and * for the catalog`,
      fix: `did you mean "${meant}"?`,
    })
  })
}

function catalog({ rule, region }: Looked): Finding[] {
  const granted = rule.entry.actions
  if (region.known.type !== 'registry' || granted.length === 0 || granted.includes('*')) return []
  return [
    findingAt(rule, ['actions'], {
      kind: 'action',
      message: `grants ${listed(granted)} on the registry itself, which nobody asks for`,
      why: 'clients that list all repositories ask for registry:catalog:*',
      fix: "actions: ['*']",
    }),
  ]
}
