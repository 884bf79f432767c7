import { spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { duration } from '../domain/units.ts'
import type {
  Clock,
  ModelRegistration,
  ShortFeatureGroup,
  Trainer,
  TrainingEnd,
  TrainingProgress,
  TrainingRequest,
} from '../ports.ts'
import { alone } from './alone.ts'
import { endGroup, isRunning } from './child-process.ts'

/** Whether there is enough to train a rung on. */
export type TrainingData =
  /** Or the program finds out itself, once it has read them: it then ends with code 3 and says so. */
  | { readonly kind: 'enough' | 'not-known' }
  | {
      readonly kind: 'too-little-data'
      readonly groups: readonly ShortFeatureGroup[]
      readonly needed: TrainingProgress['left'] & number
    }
  | { readonly kind: 'impossible'; readonly reason: string }

export interface TrainerOptions {
  /** Where its state and what is being trained lie; processes that share it share one training. */
  readonly folder: string
  readonly clock: Clock
  /**
   * Program and arguments. It writes a line of JSON on stderr now and then, `{"share":0.42,"text":"…","leftMs":…}`, in the end
   * `model.json` into `out`, and goes on from what it finds there when it is started again.
   */
  command(request: TrainingRequest, out: string): readonly string[]
  data(rung: string): Promise<TrainingData>
  /** @throws {Error} when there is no model, or it is damaged */
  read(out: string): Promise<ModelRegistration>
}

/** What a restart of the bot finds. */
interface State {
  readonly request: TrainingRequest
  readonly startedAt: number
  readonly out: string
  readonly pid: number
  /** How often it was started. */
  readonly tries: number
  readonly cancelled?: boolean
}

/** Killed so often, it is not going to end. */
const MOST_TRIES = 5
/** Of a shell: the program was ended by a signal, so it may go on where it stopped. */
const BY_SIGNAL = 128
/** Below everything that answers people or trades. */
const NICENESS = '10'
const TOO_LITTLE_DATA = 3
const WORDS = 300

/**
 * The program's own exit code is kept in a file, because who started it may be gone by then. Nobody reads a pipe of it either: a
 * bot that ends would end it with that.
 */
const SHELL = `out=$1; shift
nice -n ${NICENESS} "$@" </dev/null >"$out/output.log" 2>>"$out/progress.log"
echo $? >"$out/exit.draft" && mv "$out/exit.draft" "$out/exit"`

/** Trains in a process of its own, at low priority, that outlives the bot; one that was killed is started again where it stopped. */
export function createTrainer({ folder, clock, command, data, read }: TrainerOptions): Trainer {
  const stateFile = path.join(folder, 'training.json')
  const exclusively = alone(path.join(folder, 'training.lock'))

  const readState = async (): Promise<State | undefined> => {
    const text = await readIfThere(stateFile)
    return text === undefined ? undefined : (JSON.parse(text) as State)
  }
  const writeState = async (state: State): Promise<void> => {
    await writeFile(`${stateFile}.draft`, JSON.stringify(state))
    await rename(`${stateFile}.draft`, stateFile)
  }
  const launch = async (state: Omit<State, 'pid'>): Promise<void> => {
    await rm(path.join(state.out, 'exit'), { force: true })
    await writeState({ ...state, pid: await start(command(state.request, state.out), state.out) })
  }

  /** How it stands; starts it again where it was killed. */
  const look = async (): Promise<{ state: State; end?: TrainingEnd } | undefined> => {
    const state = await readState()
    if (!state) return undefined
    if (await isRunning(state.pid, state.out)) return { state }
    const { request, out, tries } = state
    if (state.cancelled) return { state, end: { kind: 'cancelled', request } }
    const code = await readIfThere(path.join(out, 'exit'))
    if (code === undefined || Number(code) > BY_SIGNAL) {
      if (tries >= MOST_TRIES)
        return { state, end: { kind: 'failed', request, reason: `it was killed ${tries} times before it ended` } }
      await launch({ ...state, tries: tries + 1 })
      return { state }
    }
    if (Number(code) === TOO_LITTLE_DATA)
      return { state, end: { kind: 'too-little-data', request, groups: await shortGroupsIn(out) } }
    if (Number(code) !== 0)
      return { state, end: { kind: 'failed', request, reason: await lastWords(out, Number(code)) } }
    try {
      return { state, end: { kind: 'trained', request, model: await read(out) } }
    } catch (error) {
      return { state, end: { kind: 'failed', request, reason: (error as Error).message } }
    }
  }

  return {
    start: async (request) => {
      const enough = await data(request.rung)
      if (enough.kind === 'impossible') return enough
      if (enough.kind === 'too-little-data' && request.override === undefined) return enough
      return exclusively(async () => {
        const running = await look()
        if (running) return { kind: 'already-running', progress: await progressOf(running.state) }
        // What is not needed does not stand on the card.
        const { override, ...rest } = request
        const given: TrainingRequest = enough.kind === 'enough' || override === undefined ? rest : { ...rest, override }
        const startedAt = clock.now()
        const out = path.join(folder, `${request.rung}-${request.seed}-${startedAt}`)
        await mkdir(out, { recursive: true })
        await launch({ request: given, startedAt, out, tries: 1 })
        return { kind: 'started', progress: await progressOf((await readState())!) }
      })
    },

    progress: () =>
      exclusively(async () => {
        const found = await look()
        return found && !found.end ? progressOf(found.state) : undefined
      }),

    cancel: () =>
      exclusively(async () => {
        const found = await look()
        if (!found || found.end) return false
        const state = (await readState())!
        await writeState({ ...state, cancelled: true })
        await endGroup(state.pid, state.out)
        return true
      }),

    ended: () => exclusively(async () => (await look())?.end),

    settle: () =>
      exclusively(async () => {
        const found = await look()
        if (!found?.end) return
        await rm(stateFile, { force: true })
        await rm(found.state.out, { recursive: true, force: true })
      }),
  }
}

/** In a group of its own, so that what it starts ends with it. */
function start([program, ...args]: readonly string[], out: string): Promise<number> {
  if (program === undefined) throw new RangeError('Expected a program to train with, was none')
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', SHELL, 'sh', out, program, ...args], { detached: true, stdio: 'ignore' })
    child.once('error', reject)
    child.once('spawn', () => {
      child.unref()
      resolve(child.pid!)
    })
  })
}

async function progressOf({ request, startedAt, out }: State): Promise<TrainingProgress> {
  const lines = await linesOf(out)
  const last = lines.map(parseProgress).findLast((line) => line !== undefined)
  return {
    request,
    startedAt: startedAt as TrainingProgress['startedAt'],
    share: last?.share ?? 0,
    text: last?.text ?? 'starting',
    ...(last?.leftMs !== undefined && { left: duration(last.leftMs) }),
  }
}

const linesOf = async (out: string): Promise<readonly string[]> =>
  ((await readIfThere(path.join(out, 'progress.log'))) ?? '').split('\n').filter((line) => line.trim() !== '')

/** Undefined for any other line: a warning, or one that is half written. */
function parseProgress(line: string): { share: number; text: string; leftMs?: number } | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const { share, text, leftMs } = JSON.parse(line) as Record<string, unknown>
    if (typeof share !== 'number' || !(share >= 0 && share <= 1) || typeof text !== 'string') return undefined
    return { share, text, ...(typeof leftMs === 'number' && leftMs >= 0 && { leftMs }) }
  } catch {
    return undefined
  }
}

/** `{"tooLittleData":[{"group":"options","has":86400000}]}`, `has` in ms. */
async function shortGroupsIn(out: string): Promise<readonly ShortFeatureGroup[]> {
  const line = (await linesOf(out)).findLast((one) => one.startsWith('{"tooLittleData"'))
  const said =
    line === undefined ? [] : (JSON.parse(line) as { tooLittleData: { group: string; has: number }[] }).tooLittleData
  return said.map(({ group, has }) => ({ group, has: duration(has) }))
}

/** What it said last besides its progress. */
async function lastWords(out: string, code: number): Promise<string> {
  const said = (await linesOf(out)).filter((line) => parseProgress(line) === undefined).slice(-3)
  return said.length > 0 ? said.join('; ').slice(-WORDS) : `it ended with code ${code} and said nothing`
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
