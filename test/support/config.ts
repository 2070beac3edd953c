// Configurations for tests: a smallest good one, and what is said about bad ones.
import { loadConfig } from '../../src/config.ts'
import type { Config, Overrides } from '../../src/config.ts'
import { ConfigError, formatProblem } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import type { Folder } from './folder.ts'
import { pemPair } from './pems.ts'

/** Puts the key pairs `own` and `other` into the folder. */
export async function writePairs(folder: Folder): Promise<void> {
  for (const name of ['own', 'other']) {
    const { certificatePem, privateKeyPem } = await pemPair(name)
    await folder.write(`${name}.crt`, certificatePem)
    await folder.write(`${name}.key`, privateKeyPem)
  }
}

/** The sections of a configuration that loads, one line each; `changes` replace sections or, when undefined, drop them. */
export function configText(folder: Folder, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const sections: Record<string, string | undefined> = {
    server: '{addr: ":5001"}',
    token: `{issuer: us, expiration: 900, certificate: ${folder.path('own.crt')}, key: ${folder.path('own.key')}}`,
    users: '{}',
    acl: '[]',
    ...changes,
  }
  return Object.entries(sections)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
}

/** Loads this text as a configuration of the folder. */
export async function load(folder: Folder, text: string, overrides: Overrides = {}): Promise<Config> {
  return loadConfig(await folder.write('config.yml', text), createFileSet(), overrides)
}

/** Every line said about a configuration that must not load, with the folder's own path left out. */
export async function problemsOf(folder: Folder, text: string): Promise<string[]> {
  return problemsIn(folder, await folder.write('config.yml', text))
}

/** The same of a file that is there already. */
export async function problemsIn(folder: Folder, file: string): Promise<string[]> {
  try {
    await loadConfig(file, createFileSet())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => withoutFolder(folder, formatProblem(problem)))
  }
  throw new Error('this configuration was accepted')
}

/** Every warning about a configuration that loads. */
export async function warningsOf(folder: Folder, text: string): Promise<string[]> {
  return (await load(folder, text)).warnings.map((problem) => withoutFolder(folder, formatProblem(problem)))
}

function withoutFolder(folder: Folder, text: string): string {
  return text.replaceAll(`${folder.path()}/`, '').replaceAll(folder.path(), '.')
}
