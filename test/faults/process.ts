import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Steering } from './plan.ts'
import type { Assignment, Said, Told } from './wire.ts'

/** Ten of them share two cores, and none lives for long: threads of their own and optimised code cost more than they bring. */
const FLAGS = ['--single-threaded', '--no-opt', '--min-semi-space-size=16', '--max-semi-space-size=32']
const LOG_LIMIT = 60_000

/** One process under test, as its parent sees it. */
export interface DeskProcess {
  onSaid: (said: Said) => void
  /** With its last words where it ended by itself, undefined where it was killed or told to end. */
  onExit: (crash: string | undefined) => void
  readonly ended: Promise<void>
  isAlive(): boolean
  isReady(): boolean
  hasFinished(): boolean
  settled(): Extract<Said, { kind: 'settled' }> | undefined
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  tell(told: Told): void
  /** Whether it was done; false when the process died or failed at it. */
  steer(to: Steering): Promise<boolean>
  /** Everything it wrote to stderr, from the end. */
  log(): string
  lastWords(): string
}

/** @param program - file of the process under test */
export function startProcess(program: string, assignment: Assignment): DeskProcess {
  const child = spawn(process.execPath, [...FLAGS, program, JSON.stringify(assignment)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'breakwater-compile-cache'),
    },
  })
  let errors = ''
  let isAlive = true
  let isReady = false
  let hasFinished = false
  let settled: ReturnType<DeskProcess['settled']>
  const ended = Promise.withResolvers<void>()
  const steering: ((isDone: boolean) => void)[] = []
  const self: DeskProcess = {
    onSaid: () => undefined,
    onExit: () => undefined,
    ended: ended.promise,
    isAlive: () => isAlive,
    isReady: () => isReady,
    hasFinished: () => hasFinished,
    settled: () => settled,
    kill: (signal) => void child.kill(signal),
    tell: (told) => void (child.stdin.writable && child.stdin.write(`${told}\n`)),
    steer(to) {
      const steered = Promise.withResolvers<boolean>()
      steering.push(steered.resolve)
      self.tell(`steer ${to}`)
      return Promise.race([steered.promise, ended.promise.then(() => false)])
    },
    log: () => errors,
    lastWords: () => errors.trim().split('\n').at(-1) ?? '',
  }
  child.stdin.on('error', () => undefined) // it was killed while it was told
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-LOG_LIMIT)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said
    if (said.kind === 'ready') isReady = true
    if (said.kind === 'finished') hasFinished = true
    if (said.kind === 'settled') settled = said
    if (said.kind === 'steered') steering.shift()?.(said.to !== undefined)
    self.onSaid(said)
  })
  child.on('error', (error) => {
    errors += String(error)
  })
  child.on('close', (code, signal) => {
    isAlive = false
    self.onExit(
      signal === 'SIGKILL' || code === 0 ? undefined : `ended with ${code ?? signal}: ${errors.trim().slice(-800)}`,
    )
    ended.resolve()
  })
  return self
}
