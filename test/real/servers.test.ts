// Every server of this folder starts and does what the suites need of it.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient, createCluster } from '@redis/client'
import { MongoClient } from 'mongodb'
import { makeCertificate } from './certificate.ts'
import { cleanUp, run, succeeds } from './children.ts'
import { startBrowser } from './chromium.ts'
import { type Keycloak, type KeycloakUser, keycloakRequirement, keycloakUsers, startKeycloak } from './keycloak.ts'
import { mongoRequirement, ownMongoRequirement, startMongo, startOwnMongo } from './mongo.ts'
import { startRedis } from './redis.ts'
import { requires } from './requires.ts'
import { startSlapd } from './slapd.ts'

const pages: Server[] = []

/** A server whose every page says its own address; answers its port. */
const startPage = async (): Promise<number> => {
  const server = createServer(({ headers, url }, response) => {
    response.setHeader('content-type', 'text/html').end(`<h1>${headers.host ?? ''}${url ?? ''}</h1>`)
  })
  pages.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

afterAll(async () => {
  await cleanUp()
  for (const page of pages) page.close()
})

requires(
  'slapd',
  'ldapmodify',
  'openssl',
)('slapd', () => {
  const alice = 'uid=alice,dc=example,dc=org'
  const entries = `dn: ${alice}
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Example
userPassword: alice-password

dn: cn=developers,dc=example,dc=org
objectClass: groupOfNames
cn: developers
member: ${alice}
`

  test('binds by StartTLS and LDAPS, knows groups, counts operations, locks accounts and survives being killed', async () => {
    const tls = await makeCertificate()
    const slapd = await startSlapd({ entries, tls, overlays: ['memberof', 'ppolicy'] })
    const env = { LDAPTLS_CACERT: tls.certificate }
    const whoami = (url: string, password: string, ...args: string[]) =>
      run('ldapwhoami', ['-x', '-H', url, '-D', alice, '-w', password, ...args], { env })
    expect(await whoami(slapd.url, 'alice-password', '-ZZ')).toMatchObject({ status: 0, stdout: `dn:${alice}\n` })
    expect(await whoami(slapd.ldapsUrl, 'alice-password')).toMatchObject({ status: 0, stdout: `dn:${alice}\n` })
    const found = await succeeds('ldapsearch', ['-x', '-LLL', '-H', slapd.url, '-b', alice, 'memberOf'])
    expect(found).toContain('memberOf: cn=developers,dc=example,dc=org')
    expect(slapd.child().output()).toMatch(/BIND dn="uid=alice,dc=example,dc=org" method=128/)

    await slapd.kill()
    expect((await whoami(slapd.url, 'alice-password')).stderr).toContain("Can't contact LDAP server")
    await slapd.restart()
    for (let failures = 0; failures < 3; failures++) {
      expect((await whoami(slapd.url, 'wrong')).stderr).toContain('Invalid credentials')
    }
    expect((await whoami(slapd.url, 'alice-password')).stderr).toContain('Invalid credentials')
    await slapd.add(`dn: ${alice}\nchangetype: modify\ndelete: pwdAccountLockedTime\n`)
    expect((await whoami(slapd.url, 'alice-password')).status).toBe(0)
  })
})

describe('MongoDB', () => {
  requires(...mongoRequirement())('any server', () => {
    test('inserts and finds', async () => {
      const mongo = await startMongo()
      const client = await MongoClient.connect(mongo.uri)
      const users = client.db(mongo.database).collection('users')
      await users.createIndex({ username: 1 }, { unique: true }, {})
      await users.insertOne({ username: 'alice' })
      await expect(users.insertOne({ username: 'alice' })).rejects.toThrow(/duplicate key/)
      expect(await users.findOne({ username: { $eq: 'alice' } })).toMatchObject({ username: 'alice' })
      await client.db(mongo.database).dropDatabase()
      await client.close()
    })
  })

  requires(...ownMongoRequirement())('a server of our own', () => {
    test('keeps its data and its port over a restart', async () => {
      const mongo = await startOwnMongo()
      const client = await MongoClient.connect(mongo.uri, { serverSelectionTimeoutMS: 20_000 })
      const users = client.db(mongo.database).collection('users')
      await users.insertOne({ username: 'alice' })
      await mongo.stop()
      await mongo.restart()
      expect(await users.countDocuments({ username: 'alice' })).toBe(1)
      await client.close()
    })
  })
})

requires('redis-server', 'redis-cli')('Redis', () => {
  test('one server sets and gets, asks for its password and keeps its data over a restart', async () => {
    const redis = await startRedis({ password: 'redis-password' })
    const url = `redis://${redis.addresses[0]!}`
    await expect(createClient({ url, socket: { reconnectStrategy: false } }).connect()).rejects.toThrow(/NOAUTH/)
    const client = createClient({ url, password: 'redis-password' })
    client.on('error', () => undefined)
    await client.connect()
    await client.set('name', 'alice')
    await redis.stop()
    await redis.restart()
    expect(await client.get('name')).toBe('alice')
    client.destroy()
  })

  test('a cluster of three shares the keys', async () => {
    const redis = await startRedis({ cluster: true })
    const client = createCluster({ rootNodes: redis.addresses.map((address) => ({ url: `redis://${address}` })) })
    await client.connect()
    const names = ['alice', 'bob', 'carol', 'dave', 'erin']
    for (const name of names) await client.set(name, name)
    for (const name of names) expect(await client.get(name)).toBe(name)
    expect(client.masters).toHaveLength(3)
    await redis.stop()
    await redis.restart()
    for (const name of names) expect(await client.get(name)).toBe(name)
    client.destroy()
  })
})

requires(...keycloakRequirement)('Keycloak', () => {
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Readonly<Record<string, unknown>>
  let keycloak: Keycloak
  beforeAll(async () => {
    keycloak = await startKeycloak()
  })

  const grant = async (parameters: Readonly<Record<string, string>>) => {
    const { issuer, clientId, clientSecret } = keycloak
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...parameters })
    const response = await fetch(`${issuer}/protocol/openid-connect/token`, { method: 'POST', body })
    return { status: response.status, ...((await response.json()) as { id_token: string; refresh_token: string }) }
  }
  const signIn = (username: KeycloakUser) =>
    grant({ grant_type: 'password', scope: 'openid', username, password: keycloakUsers[username].password })
  const refresh = (token: string) => grant({ grant_type: 'refresh_token', refresh_token: token })

  test('says who its users are', async () => {
    expect(claims((await signIn('alice')).id_token)).toMatchObject({
      ...{ iss: keycloak.issuer, preferred_username: 'alice', groups: ['dev', 'ops'], email_verified: true },
    })
    expect(claims((await signIn('bob')).id_token)).not.toHaveProperty('groups')
    expect(claims((await signIn('mallory')).id_token)).toMatchObject({ email_verified: false })
  })

  test('takes a refresh token once', async () => {
    const { refresh_token } = await signIn('alice')
    expect(await refresh(refresh_token)).toMatchObject({ status: 200 })
    expect(await refresh(refresh_token)).toMatchObject({ status: 400 })
  })

  test('changes groups, disables and logs out', async () => {
    await keycloak.leaveGroup('alice', 'ops')
    await keycloak.joinGroup('bob', 'ops')
    expect(claims((await signIn('alice')).id_token)).toMatchObject({ groups: ['dev'] })
    const bob = await signIn('bob')
    expect(claims(bob.id_token)).toMatchObject({ groups: ['ops'] })
    await keycloak.logOut('bob')
    expect(await refresh(bob.refresh_token)).toMatchObject({ status: 400 })
    const again = await signIn('bob')
    await keycloak.setEnabled('bob', false)
    expect(await refresh(again.refresh_token)).toMatchObject({ status: 400 })
    expect(await signIn('bob')).toMatchObject({ status: 400 })
    await keycloak.setEnabled('bob', true)
    expect(claims((await signIn('bob')).id_token)).toMatchObject({ email: keycloakUsers.bob.email })
  })

  requires('chromium')('in Chromium', () => {
    test('signs in by its form and sends the browser back with a code', async () => {
      const port = await startPage()
      const url = new URL(`${keycloak.issuer}/protocol/openid-connect/auth`)
      url.search = new URLSearchParams({
        ...{ client_id: keycloak.clientId, response_type: 'code', scope: 'openid' },
        redirect_uri: `http://localhost:${port}/oidc_auth`,
      }).toString()
      const browser = await startBrowser()
      const page = await browser.newPage()
      await page.goto(url.href)
      await page.fill('#username', 'alice')
      await page.fill('#password', keycloakUsers.alice.password)
      await page.click('#kc-login')
      expect(await page.textContent('h1')).toMatch(/^localhost:\d+\/oidc_auth\?.*code=/)
    })
  })
})

requires('chromium')('Chromium', () => {
  test('opens a page of this machine, by any name', async () => {
    const port = await startPage()
    const browser = await startBrowser('--host-resolver-rules=MAP sign-in.example 127.0.0.1')
    const page = await browser.newPage({ viewport: { width: 360, height: 640 } })
    await page.goto(`http://sign-in.example:${port}/page`)
    expect(await page.textContent('h1')).toBe(`sign-in.example:${port}/page`)
  })
})
