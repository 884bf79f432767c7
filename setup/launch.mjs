import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { SetupError } from './setup-error.mjs'

// V8's young generation grows while history is read and is not given back: a smaller one costs no measurable time.
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16']
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const SECOND_ASKING_MS = 3000

/**
 * Runs a file on the pinned Node in place of this process where Node can do that, else as its child.
 *
 * @param {string} node - path of the pinned Node
 * @param {readonly string[]} entry - the file and its arguments
 */
export async function launch(node, entry, root) {
  const args = [...FLAGS, ...entry]
  const env = { ...process.env }
  env.NODE_COMPILE_CACHE = env.NODE_COMPILE_CACHE || join(root, '.breakwater', 'compile-cache')
  // Replacing this process leaves no one in between: signals, exit code and terminal are the product's own.
  if (process.execve) process.execve(node, [node, ...args], env)
  process.exitCode = await runAsChild(node, args, env)
}

/** @returns {Promise<number>} its exit code, or 128 and the number of the signal that ended it, as a shell has it */
export function runAsChild(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'inherit' })
    const pass = (signal) => {
      if (signal !== 'SIGINT' || !isInForeground()) return child.kill(signal)
      // Ctrl-C has reached the child as well: it is stopping. Only if it has not heard is it asked again.
      setTimeout(() => child.kill(signal), SECOND_ASKING_MS).unref()
    }
    for (const signal of SIGNALS) process.on(signal, pass)
    child.on('error', (error) => reject(new SetupError(`${command} could not be started: ${error.message}.`)))
    child.on('close', (code, signal) => {
      for (const name of SIGNALS) process.removeListener(name, pass)
      resolve(code === null ? 128 + constants.signals[signal] : code)
    })
  })
}

/** Whether this process group has the terminal, so that a key pressed there signals every process of the group. */
function isInForeground() {
  try {
    const [, , , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, 'pid ')
      .split(' ')
    return group === foreground
  } catch {
    return Boolean(process.stdin.isTTY)
  }
}
