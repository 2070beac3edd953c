// The access list as an authorizer.
import { compileAcl } from '../../../src/authz/index.ts'
import { createAclAuthorizer } from '../../../src/authz/acl/acl.ts'
import { CONFORMANCE_RULES, authorizerConformance } from '../conformance.ts'

authorizerConformance('acl', () => {
  const entries = CONFORMANCE_RULES.map((entry, index) => ({ entry, position: `acl.yml:${index + 1}` }))
  const { acl } = compileAcl(entries)
  if (acl === undefined) throw new Error('the rules do not compile')
  return createAclAuthorizer(acl, Date.now)
})
