// The scope grammar: `type[(class)]:name:action[,action…]`.
// https://distribution.github.io/distribution/spec/auth/scope/

/** One resource and the actions asked for, or granted, on it. Actions are sorted and stand once each. */
export interface ResourceActions {
  readonly type: string
  /** The deprecated resource class of `repository(plugin)`; absent means none was given. */
  readonly class?: string
  readonly name: string
  readonly actions: readonly string[]
}

// The name may hold one colon (a host:port prefix); it is otherwise free, because access lists also name things that are not repositories.
const SCOPE =
  /^([a-z0-9]+)(?:\(([a-z0-9]+)\))?:([^\s\u0000-\u001f\u007f-\u009f:]+(?::[^\s\u0000-\u001f\u007f-\u009f:]+)?):((?:[a-z]*|\*)(?:,(?:[a-z]*|\*))*)$/u

/** Parses one scope as a whole, or answers undefined when it is none. */
export function parseScope(text: string): ResourceActions | undefined {
  const [matched, type, resourceClass, name, actions] = SCOPE.exec(text) ?? []
  if (matched === undefined || type === undefined || name === undefined || actions === undefined) return undefined
  return {
    type,
    ...(resourceClass === undefined ? {} : { class: resourceClass }),
    name,
    actions: [...new Set(actions.split(',').filter((action) => action !== ''))].sort(),
  }
}

/** The scope in its wire form, without the deprecated class. */
export function formatScope(scope: ResourceActions): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(',')}`
}
