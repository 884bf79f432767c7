import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../src/config/variables.ts'
import { closing } from './temporary.ts'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ANSWER_WITHIN_MS = 120_000
const STOP_WITHIN_MS = 20_000

/** Every variable of ours empty, so that neither the environment nor a `.env` changes what is measured. */
export const plainEnv = (dataDir: string): NodeJS.ProcessEnv => ({
  ...process.env,
  ...Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, ''])),
  DATA_DIR: dataDir,
})

export interface Running {
  readonly child: ChildProcess
  /** ms from the start of the process until what it printed matched. */
  readonly answeredAfter: number
}

/**
 * Starts a command as a user would, types `say`, waits until `answer` is printed and hands it over; afterwards Ctrl-C.
 *
 * @throws {Error} with the end of what it printed, when it ends or says nothing in time
 */
export async function whileRunning<T>(
  command: { args: readonly string[]; env: NodeJS.ProcessEnv; say?: string; answer: RegExp },
  work: (running: Running) => Promise<T>,
): Promise<T> {
  const started = performance.now()
  const child = spawn(process.execPath, command.args, { cwd: ROOT, env: command.env, stdio: 'pipe' })
  const exited = once(child, 'exit')
  return closing(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGINT')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await exited
      clearTimeout(timer)
    },
    async () => {
      child.stdin.on('error', () => undefined) // it ended before it read: told below
      if (command.say !== undefined) child.stdin.write(`${command.say}\n`)
      const answeredAfter = (await printed(child, command.answer)) - started
      return work({ child, answeredAfter })
    },
  )
}

function printed(child: ChildProcess, answer: RegExp): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let [out, all] = ['', '']
  const fail = (what: string) => reject(new Error(`Expected an answer like ${answer}, ${what}:\n${all.slice(-2000)}`))
  const timer = setTimeout(() => fail(`was none within ${ANSWER_WITHIN_MS / 1000} s`), ANSWER_WITHIN_MS)
  child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk
    all += chunk
    if (answer.test(out)) resolve(performance.now())
  })
  child.stderr!.on('data', (chunk: Buffer) => {
    all += chunk
  })
  child.on('exit', (code, signal) => fail(`it ended with ${signal ?? code}`))
  child.on('error', reject)
  return promise.finally(() => clearTimeout(timer))
}

/** The demo on a market that hardly moves, asked for the status. */
export const demo = (dataDir: string, ...more: readonly string[]) => ({
  args: ['setup/run.mjs', 'demo', '--speed', '1', ...more],
  env: plainEnv(dataDir),
  say: '/hedge status',
  answer: /^── Book /m,
})

/** How pg's own client finds the server, as PG… variables. */
export function pgEnv(connectionString: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(connectionString)
  return {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
  }
}
