import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { explainFailure } from './explain.mjs'
import { withLock } from './lock.mjs'
import { showProgress } from './progress.mjs'
import { finishPackages, installerEnv, isPinnedNodeReady } from './runtime.mjs'
import { SetupError } from './setup-error.mjs'
import { isStamped, readLock, wasInstalledByHand, writeStamp } from './stamp.mjs'

// Development packages are part of the tests, and npm counts as optional what carries the database of this machine.
const NPM_CI = [
  'ci',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--include=dev',
  '--include=optional',
  '--loglevel=verbose',
]

/**
 * Makes sure that the packages of package-lock.json and the pinned Node are installed; does next to nothing when they are.
 *
 * @throws {SetupError} saying what is wrong and what to do, and where the log is
 */
export async function ensureInstalled(root) {
  if (isReady(root)) return
  const folder = join(root, '.breakwater')
  const logFile = join(folder, 'setup.log')
  try {
    mkdirSync(folder, { recursive: true })
    await withLock(
      join(folder, 'setup.lock'),
      () => install(root, relative(process.cwd(), logFile)),
      (pid) => console.error(`Another set-up is at work here (process ${pid}): waiting for it.`),
    )
  } catch (error) {
    if (error instanceof SetupError || typeof error.code !== 'string') throw error
    throw new SetupError(
      `The set-up failed at ${error.path || folder}. ${explainFailure(`npm error code ${error.code}`)}`,
    )
  }
}

const isReady = (root) => isStamped(root) && isPinnedNodeReady(root)

async function install(root, logFile) {
  if (isReady(root)) return
  writeFileSync(logFile, '')
  if (!wasInstalledByHand(root)) await installPackages(root, logFile)
  finishPackages(root, logFile)
  writeStamp(root)
}

async function installPackages(root, logFile) {
  const wanted = Object.entries(JSON.parse(readLock(root)).packages).filter(
    ([path, one]) => path !== '' && !one.optional,
  )
  const arrived = () => wanted.filter(([path]) => existsSync(join(root, path, 'package.json'))).length
  const startedAt = Date.now()
  const finish = showProgress(
    (seconds) => `Installing packages: ${arrived()} of ${wanted.length}, ${seconds} s (first run only)`,
  )
  const { code, signal, log } = await runNpm(root, logFile)
  if (code === 0) return finish(`Installed ${arrived()} packages in ${Math.round((Date.now() - startedAt) / 1000)} s.`)
  finish()
  if (signal) throw new SetupError(`The installation was stopped (${signal}). Run the command again to go on.`, 130)
  throw new SetupError(`${explainFailure(log)} The whole log is in ${logFile}.`)
}

/** Runs npm to its end, its output going to the log file. A signal for us is passed on, and ends the installation. */
function runNpm(root, logFile) {
  const file = createWriteStream(logFile, { flags: 'a' })
  let log = ''
  let stoppedBy
  const keep = (chunk) => {
    log += chunk
    file.write(chunk)
  }
  return new Promise((resolve) => {
    const npm = spawn('npm', NPM_CI, { cwd: root, env: installerEnv(), stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (signal) => {
      stoppedBy = signal
      npm.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, stop)
    const done = (code, message) => {
      for (const signal of signals) process.removeListener(signal, stop)
      if (message) keep(message)
      file.end(() => resolve({ code, signal: stoppedBy, log }))
    }
    npm.stdout.on('data', keep)
    npm.stderr.on('data', keep)
    npm.on('error', (error) => done(1, `npm error code ${error.code}\n${error.message}\n`))
    npm.on('close', (code) => done(code))
  })
}
