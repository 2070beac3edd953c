// The sections of the web providers: docker_auth's keys and defaults, what is refused, and what is warned of.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { createProvider, webSections } from '../../src/authn/web/settings.ts'
import type { ProviderSettings } from '../../src/authn/web/settings.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()

interface Read {
  readonly settings: ProviderSettings | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly files: readonly string[]
}

const STORE = 'level_token_db: {path: tokens}'
const CLIENT = `client_id: id\nclient_secret: canary\n${STORE}\n`

async function read(
  section: string,
  yaml: string,
  publicUrl: string | undefined = 'https://auth.example.com',
): Promise<Read> {
  const findings: Findings = { problems: [], warnings: [] }
  const document = parseYaml(yaml, 'config.yml')
  const files = createFileSet()
  const report = createReport('config.yml', document, findings)
  const settings = await webSections
    .find((kind) => kind.section === section)!
    .read(document.value, { files, report, publicUrl })
  const words = (list: Findings['problems']): string[] => list.map(({ path, message }) => `${path ?? ''}: ${message}`)
  return { settings, problems: words(findings.problems), warnings: words(findings.warnings), files: files.paths() }
}

describe('the least a section needs', () => {
  test.each<[string, string, object]>([
    [
      'github_auth',
      CLIENT,
      {
        name: 'github',
        organization: undefined,
        webUrl: 'https://github.com',
        apiUrl: 'https://api.github.com',
        revalidateAfterMs: 3_600_000,
        scopes: ['user:email', 'read:org'],
      },
    ],
    [
      'gitlab_auth',
      CLIENT,
      {
        name: 'gitlab',
        webUrl: 'https://gitlab.com',
        apiUrl: 'https://gitlab.com/api/v4',
        redirectUri: undefined,
        scopes: ['read_user'],
      },
    ],
    [
      'google_auth',
      CLIENT,
      { name: 'google', domain: undefined, issuer: 'https://accounts.google.com', scopes: ['openid', 'email'] },
    ],
    [
      'oidc_auth',
      `${CLIENT}issuer: https://idp.example.com\nredirect_url: https://auth.example.com/oidc_auth`,
      { name: 'oidc', userClaim: 'email', labelsClaims: [], scopes: ['openid', 'email'] },
    ],
  ])('%s', async (section, yaml, expected) => {
    const { settings, problems, warnings } = await read(section, yaml)
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(settings).toMatchObject({ clientId: 'id', httpTimeoutMs: 10_000, registryUrl: undefined, ...expected })
    expect(settings?.clientSecret.reveal()).toBe('canary')
    expect(createProvider(settings!, Date.now).name).toBe(settings?.name)
    expect(JSON.stringify(settings)).not.toContain('canary')
  })

  test('stands in the order in which the providers are asked', () => {
    expect(webSections.map(({ section }) => section)).toEqual([
      'google_auth',
      'github_auth',
      'oidc_auth',
      'gitlab_auth',
    ])
  })
})

describe('every key', () => {
  test('of GitHub Enterprise', async () => {
    const { settings, problems } = await read(
      'github_auth',
      `${CLIENT}organization: acme\nhttp_timeout: 1500ms\nrevalidate_after: 10m\nregistry_url: https://registry.example.com:5000/\n` +
        'github_web_uri: https://git.example.com/\ngithub_api_uri: https://git.example.com/api/v3',
    )
    expect(problems).toEqual([])
    expect(settings).toMatchObject({
      organization: 'acme',
      httpTimeoutMs: 1500,
      revalidateAfterMs: 600_000,
      registryUrl: 'registry.example.com:5000',
      webUrl: 'https://git.example.com',
      apiUrl: 'https://git.example.com/api/v3',
    })
  })

  test('of GitLab; the group needs another scope', async () => {
    const { settings, problems } = await read(
      'gitlab_auth',
      `${CLIENT}organization: /acme/platform/\ngrant_type: authorization_code\nredirect_uri: https://a.example.com/x/gitlab_auth`,
      '',
    )
    expect(problems).toEqual([])
    expect(settings).toMatchObject({
      organization: 'acme/platform',
      redirectUri: 'https://a.example.com/x/gitlab_auth',
      scopes: ['read_user', 'openid'],
    })
  })

  test('of Google; domains have no case', async () => {
    expect((await read('google_auth', `${CLIENT}domain: Example.COM`)).settings).toMatchObject({
      domain: 'example.com',
    })
  })

  test.each(['labels_claims', 'label_claims'])('of an OpenID provider, with %s', async (key) => {
    const { settings, problems } = await read(
      'oidc_auth',
      `${CLIENT}issuer: https://idp.example.com/\nredirect_url: https://auth.example.com/oidc_auth\n` +
        `user_claim: sub\n${key}: [groups]\nscopes: [openid, offline_access]`,
    )
    expect(problems).toEqual([])
    expect(settings).toMatchObject({
      issuer: 'https://idp.example.com/',
      userClaim: 'sub',
      labelsClaims: ['groups'],
      scopes: ['openid', 'offline_access'],
    })
  })

  test.each([
    ['http_timeout: 0', 10_000],
    ['http_timeout: -1s', 10_000],
    ['http_timeout: 1', 1],
    ['http_timeout: 100000h', 2 ** 31 - 1],
  ])('%s is %d ms', async (line, httpTimeoutMs) => {
    expect((await read('github_auth', `${CLIENT}${line}`)).settings).toMatchObject({ httpTimeoutMs })
  })
})

describe('the client secret', () => {
  test('comes from its file where there is one, without the white space around it, and the file is watched', async () => {
    const path = await folder.write('secret', '\n canary of the file \n')
    const { settings, files } = await read('github_auth', `${CLIENT}client_secret_file: ${path}`)
    expect(settings?.clientSecret.reveal()).toBe('canary of the file')
    expect(files).toEqual([path])
  })

  test('must be somewhere', async () => {
    const empty = await folder.write('empty', '\n')
    expect(await read('github_auth', `client_id: id\n${STORE}`)).toMatchObject({
      settings: undefined,
      problems: ['client_secret: client_secret or client_secret_file is required'],
    })
    expect((await read('github_auth', `${CLIENT}client_secret_file: ${empty}`)).problems).toEqual([
      `client_secret_file: ${empty} is empty`,
    ])
    expect((await read('github_auth', `${CLIENT}client_secret_file: ${folder.path('missing')}`)).problems).toEqual([
      `client_secret_file: ${folder.path('missing')} does not exist`,
    ])
  })
})

describe('what is refused', () => {
  const OIDC = `${CLIENT}issuer: https://idp.example.com\nredirect_url: https://auth.example.com/oidc_auth\n`
  test.each([
    [
      'github_auth',
      `${CLIENT}organisation: acme`,
      'organisation: unknown key "organisation"; did you mean "organization"?',
    ],
    ['github_auth', `client_secret: x\n${STORE}`, 'client_id: is required'],
    ['github_auth', 'client_id: id\nclient_secret: x', ': needs a place for docker passwords'],
    ['github_auth', `${CLIENT}github_web_uri: git.example.com`, 'github_web_uri: must be a URL'],
    ['github_auth', `${CLIENT}github_api_uri: https://user:pass@git.example.com`, 'github_api_uri: must be a URL'],
    ['github_auth', `${CLIENT}github_api_uri: file:///etc/passwd`, 'github_api_uri: must be a URL'],
    ['github_auth', `${CLIENT}http_timeout: soon`, 'http_timeout: must be a duration'],
    ['gitlab_auth', `${CLIENT}grant_type: password`, 'grant_type: must be authorization_code'],
    ['oidc_auth', CLIENT, 'issuer: is required'],
    ['oidc_auth', `${OIDC}scopes: [email]`, 'scopes: must contain openid'],
    ['oidc_auth', `${OIDC}labels_claims: groups`, 'labels_claims: must be a list'],
    ['google_auth', `${CLIENT}organization: x`, 'organization: unknown key'],
  ])('%s with %j', async (section, yaml, problem) => {
    const { settings, problems } = await read(section, yaml)
    expect(problems).toContainEqual(expect.stringContaining(problem))
    if (problem.includes('required')) expect(settings).toBeUndefined()
  })

  test.each([
    ['google_auth', 'needs server.public_url'],
    ['gitlab_auth', 'needs redirect_uri or server.public_url'],
  ])('%s where nothing says which URL people come back to', async (section, problem) => {
    const findings: Findings = { problems: [], warnings: [] }
    const document = parseYaml(CLIENT, 'config.yml')
    const reading = {
      files: createFileSet(),
      report: createReport('config.yml', document, findings),
      publicUrl: undefined,
    }
    await webSections.find((kind) => kind.section === section)!.read(document.value, reading)
    expect(findings.problems.map(({ message }) => message)).toEqual([expect.stringContaining(problem)])
  })
})

describe('what is warned of', () => {
  test.each([
    ['github_auth', 'github_api_uri: http://git.example.com', ['github_api_uri: is not https']],
    ['gitlab_auth', 'gitlab_web_uri: http://127.0.0.1.example.com', ['gitlab_web_uri: is not https']],
    ['gitlab_auth', 'gitlab_web_uri: http://127.0.0.1:8080', []],
    ['github_auth', 'github_api_uri: http://localhost:8080', []],
    ['oidc_auth', 'issuer: http://idp\nredirect_url: https://a/oidc_auth', ['issuer: is not https']],
    ['oidc_auth', 'issuer: http://[::1]:8080\nredirect_url: https://a/oidc_auth', []],
    ['gitlab_auth', 'redirect_uri: https://a/gitlab_auth/', ['redirect_uri: does not end with /gitlab_auth']],
    ['gitlab_auth', 'redirect_uri: https://a/x/gitlab_auth', []],
    [
      'oidc_auth',
      'issuer: https://idp\nredirect_url: https://a/callback',
      ['redirect_url: does not end with /oidc_auth'],
    ],
  ])('%s with %j', async (section, yaml, expected) => {
    const { warnings, problems } = await read(section, `${CLIENT}${yaml}`)
    expect(problems).toEqual([])
    expect(warnings).toEqual(expected.map((words) => expect.stringContaining(words)))
  })
})

test.each(webSections.map(({ section }) => section))(
  'the example of %s is read without a complaint',
  async (section) => {
    const source = await readFile(`examples/${section}.yml`, 'utf8')
    const lines = new RegExp(`^${section}:\\n((?: .*\\n)+)`, 'm').exec(source)?.[1] ?? ''
    const { settings, problems, warnings } = await read(section, lines)
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(settings).toMatchObject({ registryUrl: 'registry.example.com' })
  },
)
