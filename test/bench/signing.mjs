// Baseline (b): what the machine can sign at all, on the thread pool, on all cores.  node signing.mjs key.pem seconds
import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [keyFile, seconds] = process.argv.slice(2)
const key = createPrivateKey(readFileSync(keyFile))
const options = key.asymmetricKeyType === 'rsa' ? key : { key, dsaEncoding: 'ieee-p1363' }
const input = Buffer.alloc(1024, 'x')
const end = performance.now() + Number(seconds) * 1000
const started = performance.now()
let done = 0

function one(resolve) {
  if (performance.now() > end) return resolve()
  sign('sha256', input, options, () => {
    done++
    one(resolve)
  })
}
await Promise.all(Array.from({ length: 64 }, () => new Promise(one)))
process.stdout.write(String(done / ((performance.now() - started) / 1000)))
