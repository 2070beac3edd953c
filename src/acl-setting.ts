// What the sections around an access list mean for its rules: who may be anonymous, which labels there can be.
import { authzSections } from './authz/index.ts'
import type { AclSetting } from './authz/index.ts'

// These give whatever labels somebody wrote into a database or a program.
const ANY_LABELS = ['ext_auth', 'mongo_auth', 'xorm_auth', 'plugin_authn']
const MAY_ADMIT_ANYBODY = ['ext_auth', 'plugin_authn']

/** Reads it from sections that may have mistakes of their own: what does not look as it should counts as absent. */
export function aclSetting(sections: Readonly<Record<string, unknown>>): AclSetting {
  const users = mapIn(sections, 'users')
  const anonymous = Object.hasOwn(users, '') || MAY_ADMIT_ANYBODY.some((name) => sections[name] !== undefined)
  const header = mapIn(sections, 'server')['real_ip_header']
  const any = ANY_LABELS.some((name) => sections[name] !== undefined)
  return {
    anonymous,
    proxyHeader: typeof header === 'string' && header !== '',
    labels: any ? undefined : [...new Set(labelsOf(sections))],
    others: authzSections.filter((name) => sections[name] !== undefined),
  }
}

/** The labels that the section `users` gives an account, as options of a command: `--label team=web`; empty where it gives none. */
export function labelOptions(sections: Readonly<Record<string, unknown>>, account: string): string[] {
  const labels = mapIn(mapIn(mapIn(sections, 'users'), account), 'labels')
  return Object.entries(labels).flatMap(([label, values]) =>
    textsOf(values).map((value) => `--label ${label}=${value}`),
  )
}

function labelsOf(sections: Readonly<Record<string, unknown>>): string[] {
  const users = mapIn(sections, 'users')
  const ldap = mapIn(sections, 'ldap_auth')
  const oidc = mapIn(sections, 'oidc_auth')
  const groups = mapIn(ldap, 'groups')
  return [
    ...Object.keys(users).flatMap((name) => Object.keys(mapIn(mapIn(users, name), 'labels'))),
    ...Object.keys(mapIn(ldap, 'labels')),
    ...(ldap['groups'] === undefined ? [] : textsOf([groups['label'] ?? 'groups'])),
    ...textsOf(oidc['labels_claims']),
    ...textsOf(oidc['label_claims']),
    ...(mapIn(sections, 'github_auth')['organization'] === undefined ? [] : ['teams']),
    ...(mapIn(sections, 'gitlab_auth')['organization'] === undefined ? [] : ['groups']),
  ]
}

function mapIn(map: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = Object.hasOwn(map, key) ? map[key] : undefined
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
