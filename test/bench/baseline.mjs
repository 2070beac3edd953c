// Baseline (a): a bare node:http server that does nothing but sign one token of the same size.  node baseline.mjs key.pem input size
import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [keyFile, inputFile] = process.argv.slice(2)
const key = createPrivateKey(readFileSync(keyFile))
const input = readFileSync(inputFile)
const text = input.toString()
const options = key.asymmetricKeyType === 'rsa' ? key : { key, dsaEncoding: 'ieee-p1363' }

function answer(response, signature) {
  const token = `${text}.${signature.toString('base64url')}`
  const body = JSON.stringify({ access_token: token, token, expires_in: 900, issued_at: '2026-01-01T00:00:00.000Z' })
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(body)
}

const server = createServer((_request, response) => {
  // On the thread pool: the faster way for RSA and for EC.
  sign('sha256', input, options, (_error, signature) => answer(response, signature))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
