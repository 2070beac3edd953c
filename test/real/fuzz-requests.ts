// Made-up requests, from nearly right to hopeless, the same ones for the same seed.
// It knows what clients and attackers write, not what a server should answer.

/** Draws numbers below `limit`. */
export type Dice = (limit: number) => number

/** Marsaglia's xorshift: small, and the same on every machine. https://www.jstatsoft.org/article/view/v008i14 */
export const createDice = (seed: number): Dice => {
  let state = seed
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

const pick = <T>(dice: Dice, from: readonly T[]): T => from[dice(from.length)]!

const noise = (dice: Dice, length: number): string =>
  Array.from({ length }, () => String.fromCharCode(dice(256))).join('')

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

const methods = [
  ...['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
  ...['TRACE', 'PROPFIND', 'M-SEARCH', 'QUERY'],
]

const digest = `sha256:${'0'.repeat(64)}`

const parameters = [
  ...['service=x', 'scope=repository:a/b:pull', 'scope=repository:a:pull,push%20repository:b:*', 'account=admin'],
  ...[
    'scope=',
    'scope',
    '=',
    '&',
    '%',
    '%zz',
    '%00',
    '%ED%A0%80',
    '\uD83D',
    'scope=%F0%9F',
    'scope=repository:[::1]:5000/a:pull',
  ],
  ...[
    'service=%0d%0aX-Evil:1',
    'scope=registry:catalog:*',
    '__proto__=1',
    'constructor[x]=y',
    'account=%1b[31m',
    'n=-1',
  ],
  ...[
    'n=1e309',
    'last=%00',
    `digest=${digest}`,
    'digest=sha256:..%2f..',
    `mount=${digest}&from=..%2fb`,
    'from=%00',
    'state=!',
  ],
]

const paths = [
  ...['/auth', '/auth', '/auth', '/auth', '/auth', '/auth/token', '/auth/token'],
  ...[
    '/',
    '//',
    '///',
    '/auth',
    '/auth/',
    '//auth',
    '/auth/token',
    '/auth/../auth',
    '/auth%2ftoken',
    '/./auth',
    '/AUTH',
  ],
  ...[
    '/healthz',
    '/readyz',
    '*',
    '/\\',
    '/%',
    '/%zz',
    '/%00',
    '/%c0%ae%c0%ae/',
    '/..;/auth',
    '/auth;x=y',
    '/favicon.ico',
  ],
  ...[
    '/v2',
    '/v2/',
    '/v2//',
    '/v2/_catalog',
    '/v2/a/tags/list',
    '/v2/a/b/c/manifests/latest',
    '/v2/../v2/',
    '/v2/%2e%2e/x',
  ],
  ...[
    `/v2/a/blobs/${digest}`,
    '/v2/a/blobs/sha256:zz',
    '/v2/a/blobs/uploads/',
    '/v2/a/blobs/uploads/x',
    `/v2/a/manifests/${digest}`,
  ],
  ...[
    '/v2/A/tags/list',
    '/v2/a//b/tags/list',
    `/v2/${'a/'.repeat(400)}tags/list`,
    `/v2/${'a'.repeat(300)}/manifests/x`,
  ],
  ...[
    'http://x/auth',
    'http://x:y@z/v2/',
    'http://[::1',
    'https://',
    'http:///auth',
    'ftp://x/',
    '/?',
    '/#',
    '/auth#x',
  ],
]

const query = (dice: Dice): string => {
  switch (dice(8)) {
    case 0:
      return `?${'&'.repeat(dice(4000))}`
    case 1:
      return `?${'scope=repository:a:pull&'.repeat(dice(200))}`
    case 2:
      return `?${noise(dice, dice(60)).replace(/[^!-~]/g, '~')}`
    default:
      return `?${Array.from({ length: dice(5) }, () => pick(dice, parameters)).join('&')}`
  }
}

const headers = (dice: Dice): string[] => [
  ...['Host: localhost', 'Host: localhost:5001', 'Host:', 'Host: [::1', 'Host: a b', 'Host: evil.example'],
  ...[
    `Authorization: Basic ${base64('admin:wrong')}`,
    `Authorization: Basic ${base64('\xff\xfe:x')}`,
    'Authorization: Basic =',
  ],
  ...[
    `Authorization: Basic ${base64(noise(dice, 40))}`,
    'Authorization: Basic',
    'Authorization:',
    'Authorization: Bearer',
  ],
  ...[
    'Authorization: Bearer a.b.c',
    `Authorization: Bearer ${base64('{"alg":"none"}')}.${base64('{}')}.`,
    'Authorization: Digest x',
  ],
  ...[
    `Authorization: Bearer ${noise(dice, 60).replace(/[\x00-\x1f\x7f]/g, '.')}`,
    `Authorization: Basic ${base64('a\nb\u001b[2J:c')}`,
  ],
  ...[
    'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-For: ,,,',
    'X-Real-IP: ::',
    'Forwarded: for=x',
    'X-Forwarded-Host: evil.example',
  ],
  ...[
    'Range: bytes=0-',
    'Range: bytes=9-1,-5',
    'Range: x',
    'Content-Range: 0-',
    'Content-Range: 5-1',
    'Content-Range: bytes 0-1/2',
  ],
  ...[
    'If-None-Match: *',
    'If-None-Match: ","',
    'Accept: */*;q=x',
    'Accept-Encoding: gzip, br;q=9',
    'Cookie: a=b; __proto__=c',
  ],
  ...[
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Connection: Upgrade',
    'Connection: keep-alive',
    'Connection: , ,',
    'TE: trailers',
  ],
  ...['Expect: 200-ok', 'Content-Type: application/json', 'Content-Type: multipart/form-data', 'Content-Type: ;'],
  ...[
    'Content-Type: application/x-www-form-urlencoded',
    '__proto__: x',
    'constructor: y',
    'X-Request-Id: \t',
    `X: ${'y'.repeat(dice(3000))}`,
  ],
]

const bodies = [
  ...[
    '',
    'grant_type=password&username=admin&password=x',
    'grant_type=refresh_token',
    'scope=%zz&scope=&',
    '{"a":',
    '[]',
    '&&&&',
  ],
  ...['username=admin', 'service=%ED%A0%80', '{"schemaVersion":2}', '\x00\x01\x02'],
]

/** The body and the headers that announce it. */
const body = (dice: Dice): readonly [headers: readonly string[], body: string] => {
  const text = dice(6) === 0 ? noise(dice, dice(300)) : pick(dice, bodies)
  if (dice(3) > 0) return [[`Content-Length: ${text.length}`], text]
  const chunk = `${text.length.toString(16)}${dice(4) === 0 ? ';ext="x"' : ''}\r\n${text}\r\n`
  return [
    ['Transfer-Encoding: chunked'],
    `${text === '' ? '' : chunk}0\r\n${dice(5) === 0 ? 'Trailer: x\r\n' : ''}\r\n`,
  ]
}

/** A request that a parser should get to the end of, so that another can follow it. */
export const wholeRequest = (dice: Dice): string => {
  const [announced, content] = dice(30) === 0 ? body(dice) : [[], '']
  const lines = Array.from({ length: dice(4) }, () => pick(dice, headers(dice)))
  const target = `${pick(dice, paths)}${dice(2) === 0 ? query(dice) : ''}`
  return [`${pick(dice, methods)} ${target} HTTP/1.1`, 'Host: x', ...lines, ...announced, '', content].join('\r\n')
}

const hopeless: readonly ((dice: Dice) => string)[] = [
  (dice) => noise(dice, dice(400)),
  (dice) => `GET /auth HTTP/1.1\r\nX: ${'y'.repeat(60_000 + dice(20_000))}\r\n\r\n`,
  (dice) => `GET /${'y'.repeat(60_000 + dice(20_000))} HTTP/1.1\r\nHost: x\r\n\r\n`,
  () => 'GET /auth HTTP/1.1\r\nHost: x\r\nNul: \x00\r\n\r\n',
  () => 'GET /auth HTTP/9.9\r\n\r\n',
  () => 'GET /auth HTTP/1.1\r\n\r\n',
  () => 'GET x: HTTP/1.1\r\nHost: x\r\n\r\n',
  (dice) => `GET /auth?${noise(dice, 50)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  () => 'GET  /auth  HTTP/1.1\r\n\r\n',
  () => 'get /auth HTTP/1.1\r\n\r\n',
  () => 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01',
  () => 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello',
  () => 'POST /auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  () => 'POST /auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
  () => 'POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  () => 'POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  () => 'POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  () => 'GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\nno colon\r\n\r\n',
  () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]

/** A request that nothing can follow. */
export const hopelessRequest = (dice: Dice): string => {
  if (dice(2) === 0) return pick(dice, hopeless)(dice)
  const request = wholeRequest(dice)
  const at = dice(request.length)
  return request.slice(0, at) + noise(dice, 1 + dice(3)) + request.slice(at + dice(3))
}

/** A request that announces more body than will ever come. */
export const brokenOffRequest = (dice: Dice): string => {
  const [method, path] = [pick(dice, ['POST', 'PUT', 'PATCH']), pick(dice, paths)]
  const announced = pick(dice, [
    'Content-Length: 1073741824',
    'Transfer-Encoding: chunked',
    'Content-Length: 9999\r\nExpect: 100-continue',
  ])
  const type = pick(dice, ['application/x-www-form-urlencoded', 'application/octet-stream'])
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n${announced}\r\nContent-Type: ${type}\r\n\r\n5\r\n${noise(dice, dice(5))}`
}
