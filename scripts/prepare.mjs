// Makes a fresh clone runnable: installs what package-lock.json asks for and builds dist/, each only when it has to.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const lockFile = join(root, '.prepare.lock')

const say = (text) => process.stderr.write(`${text}\n`)

const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages

/** npm keeps its own record of what it installed; only packages made for other platforms may be absent from it. */
const isInstalled = () => {
  try {
    const installed = packagesOf('node_modules/.package-lock.json')
    return Object.entries(packagesOf('package-lock.json')).every(([path, wanted]) => {
      if (path === '') return true
      const found = installed[path]
      return found === undefined ? wanted.optional === true : found.version === wanted.version
    })
  } catch {
    return false
  }
}

/** When anything below a path last changed, in ms; a folder's own time counts, because a deleted file leaves only that. */
const changed = (path) => {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((newest, name) => Math.max(newest, changed(join(path, name))), stat.mtimeMs)
}

const isBuilt = () => {
  try {
    const built = statSync(join(root, 'dist/main.js')).mtimeMs
    return ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].every(
      (input) => changed(join(root, input)) <= built,
    )
  } catch {
    return false
  }
}

const npm = (message, ...args) => {
  say(message)
  // The output goes to stderr: stdout belongs to the program that starts afterwards.
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  say(`registry-auth: "npm ${args.join(' ')}" failed${error === undefined ? '' : `: ${error.message}`}; see above`)
  throw new Error('not prepared')
}

// Process numbers are soon used again, in a container by the very next start: an old lock is nobody's.
const isHeld = (pid, since) => {
  if (pid === process.pid || Date.now() - since > 600_000) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Creates the lock file if nobody holds it; one left behind by a start that died is cleared away for the next try. */
const tryLock = () => {
  try {
    const file = openSync(lockFile, 'wx')
    writeSync(file, String(process.pid))
    closeSync(file)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  try {
    const holder = Number(readFileSync(lockFile, 'utf8'))
    if (!isHeld(holder, statSync(lockFile).mtimeMs)) rmSync(lockFile, { force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  return false
}

const prepare = async () => {
  for (let tries = 0; !tryLock(); tries += 1) {
    if (tries === 1) say('registry-auth: another start is installing or building; waiting for it …')
    await sleep(200)
  }
  try {
    // Asked again: the start that was waited for has probably done it. Building takes the dev dependencies, NODE_ENV or not.
    if (!isInstalled())
      npm('registry-auth: installing dependencies (npm ci) …', 'ci', '--include=dev', '--no-audit', '--no-fund')
    if (!isBuilt()) npm('registry-auth: building …', 'run', '--silent', 'build')
  } finally {
    rmSync(lockFile, { force: true })
  }
}

if (!isInstalled() || !isBuilt()) {
  await prepare().catch((error) => {
    if (error.message !== 'not prepared') say(`registry-auth: cannot prepare: ${error.message}`)
    process.exitCode = 1
  })
}
