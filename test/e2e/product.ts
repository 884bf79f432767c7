import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { VARIABLES, type VariableName } from '../../src/config/variables.ts'
import { readPostmaster } from '../../src/store/embedded-postmaster.ts'
import type { Cleanup } from '../support/database.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WAIT_MS = 40_000
const PAUSE_MS = 25

export type Settings = Partial<Record<VariableName, string>>

type Input = 'empty' | 'closed' | 'pipe'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Product {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Types a line, as at a terminal that is a pipe. */
  say(line: string): void
  endInput(): void
  /** To it alone, as a service manager does. */
  kill(signal: NodeJS.Signals): void
  /** To its whole process group, as Ctrl-C on a terminal does. */
  killGroup(signal: NodeJS.Signals): void
  /** Resolves once standard output holds this, after `from` characters; rejects with all that was printed if it ends or 40 s pass. */
  printed(pattern: RegExp, from?: number): Promise<void>
  /** The same of standard error, where progress and logs go. */
  reported(pattern: RegExp): Promise<void>
  readonly ended: Promise<Ended>
}

const startedOn = new Map<string, { readonly child: ChildProcess; readonly ended: Promise<Ended> }[]>()

/**
 * A data folder of its own: after the test whatever still runs on it is ended, and it is removed.
 *
 * Readable by all, because root's PostgreSQL runs as another user and would move elsewhere otherwise.
 */
export async function openDataFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-e2e-'))
  await chmod(folder, 0o755)
  t.after(async () => {
    for (const { child, ended } of startedOn.get(folder) ?? []) {
      if (isRunning(child)) child.kill('SIGKILL')
      await ended
    }
    const database = await databaseOn(folder)
    if (database !== undefined) process.kill(database, 'SIGINT')
    for (let i = 0; i < 400 && (await processesOn(folder)).length > 0; i++) await sleep(PAUSE_MS)
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

/** The database server on a data folder, if one is alive. */
export const databaseOn = async (folder: string): Promise<number | undefined> => {
  const postmaster = await readPostmaster(join(folder, 'postgres', 'cluster', 'data'))
  return postmaster?.alive ? postmaster.pid : undefined
}

/**
 * Every live process that was started for a data folder: the product by its environment, PostgreSQL by where it works.
 * Where there is no /proc, the database server alone.
 */
export async function processesOn(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  if (pids.length === 0) return [await databaseOn(folder)].filter((pid) => pid !== undefined)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const works = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return works.startsWith(folder) || environment.includes(`DATA_DIR=${folder}\0`) ? pid : undefined
    }),
  )
  return found.filter((pid) => pid !== undefined)
}

/** Nothing but what a shell has and the settings given: what this machine or a .env sets for Breakwater counts as absent. */
function environment(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  const absent = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, '']))
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...absent, ...settings }
}

/** Starts `node setup/run.mjs <words>` in a process group of its own; ended after the test if it still runs. */
export function startProduct(
  t: Cleanup,
  words: readonly string[],
  { settings, input = 'empty' }: { settings: Settings; input?: Input },
): Product {
  const command = [process.execPath, 'setup/run.mjs', ...words]
  const [file = '', ...args] = input === 'closed' ? ['sh', '-c', 'exec "$@" <&-', 'sh', ...command] : command
  const child = spawn(file, args, {
    cwd: ROOT,
    env: environment(settings),
    stdio: [input === 'pipe' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let [stdout, stderr] = ['', '']
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk))
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => setImmediate(() => resolve({ code, signal, stdout, stderr })))
  })
  const folder = settings.DATA_DIR ?? ''
  startedOn.set(folder, [...(startedOn.get(folder) ?? []), { child, ended }])
  t.after(async () => {
    if (isRunning(child)) child.kill('SIGKILL')
    await ended
  })

  async function until(look: () => boolean, what: string): Promise<void> {
    for (const givesUpAt = Date.now() + WAIT_MS; !look(); await sleep(PAUSE_MS)) {
      if (isRunning(child) && Date.now() < givesUpAt) continue
      throw new Error(`Expected ${what}, was\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`)
    }
  }

  return {
    pid: child.pid!,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    say: (line) => void child.stdin!.write(`${line}\n`),
    endInput: () => void child.stdin!.end(),
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => void process.kill(-child.pid!, signal),
    printed: (pattern, from = 0) => until(() => pattern.test(stdout.slice(from)), `${pattern} on standard output`),
    reported: (pattern) => until(() => pattern.test(stderr), `${pattern} on standard error`),
    ended,
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

/** Runs it to its end, with nothing on standard input. */
export const runProduct = (
  t: Cleanup,
  words: readonly string[],
  settings: Settings,
  { input = 'empty' }: { input?: 'empty' | 'closed' } = {},
): Promise<Ended> => startProduct(t, words, { settings, input }).ended
