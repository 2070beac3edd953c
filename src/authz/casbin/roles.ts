// Who has which role, by the rows of a role definition. Casbin's own roles grow with what clients ask, and go round in circles.
import { remember } from './remember.ts'

const REMEMBERED = 1000

/** Whether the first name is the second, or has it as a role, directly or through other roles; in a domain where roles belong to one. */
export type HasRole = (name: string, role: string, domain?: string) => boolean

/** Reads rows of a name, its role and, where roles belong to domains, the domain. */
export function createRoles(rows: readonly (readonly string[])[]): HasRole {
  const direct = new Map<string, string[]>()
  for (const [name = '', role = '', domain] of rows) {
    const key = keyOf(name, domain)
    const roles = direct.get(key) ?? []
    roles.push(keyOf(role, domain))
    direct.set(key, roles)
  }

  const rolesOf = remember(REMEMBERED, (start) => {
    const roles = new Set([start])
    // The loop also comes to what is added while it runs.
    for (const one of roles) for (const role of direct.get(one) ?? []) roles.add(role)
    return roles
  })

  return (name, role, domain) => rolesOf(keyOf(name, domain)).has(keyOf(role, domain))
}

function keyOf(name: string, domain = ''): string {
  return JSON.stringify([name, domain])
}
