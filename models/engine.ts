/**
 * The one place that chooses and loads a TensorFlow.js backend.
 *
 * Order: `tfjs-node` when it is installed and a trial in a child process succeeds (its native library can abort the whole
 * process, which no try/catch survives), else WebAssembly with SIMD from the npm package's own files, else plain JavaScript.
 * The trial's verdict is kept for the life of the process, and on disk when a folder is given.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import util from 'node:util'
import type * as TfCore from '@tensorflow/tfjs-core'

export type Tf = typeof TfCore
export type EngineName = 'tfjs-node' | 'wasm' | 'cpu'

export interface Engine {
  readonly name: EngineName
  readonly tf: Tf
  /** Engines that came before it in the order and why each was passed over. */
  readonly passedOver: readonly string[]
}

export interface EngineOptions {
  /** Tried first; the rest of the order follows when it cannot be had. */
  readonly prefer?: EngineName
  /** Where the trial's verdict is kept between processes, keyed by package file and Node version. */
  readonly cacheFolder?: string
}

const ORDER: readonly EngineName[] = ['tfjs-node', 'wasm', 'cpu']
// In a variable, so that the type checker does not ask for a package that is usually absent.
const TFJS_NODE: string = '@tensorflow/tfjs-node'
const TRIAL_TIMEOUT_MS = 30_000
const TRIAL = `
  import util from 'node:util'
  util.isNullOrUndefined ??= (value) => value === null || value === undefined
  const tf = await import(process.argv[1])
  const product = (tf.default ?? tf).matMul([[1, 2]], [[3], [4]]).dataSync()[0]
  process.exit(product === 11 ? 0 : 3)
`

const require = createRequire(import.meta.url)
const loading = new Map<EngineName | 'any', Promise<Engine>>()
let trial: Promise<string | undefined> | undefined

/**
 * Loads the best engine this machine has and makes it TensorFlow.js's backend.
 *
 * @returns the engine's name and the TensorFlow.js namespace to compute with; the same object on every call
 * @throws {Error} when not even the JavaScript backend starts, which means a broken installation
 */
export function loadEngine(options: EngineOptions = {}): Promise<Engine> {
  const key = options.prefer ?? 'any'
  const known = loading.get(key)
  if (known) return known
  const started = firstThatStarts(options)
  loading.set(key, started)
  started.catch(() => loading.delete(key))
  return started
}

/** Gradients for training: on the wasm and cpu engines they come with the layers package, which is slow to load. */
export async function loadGradients(engine: Engine): Promise<void> {
  if (engine.name !== 'tfjs-node') await import('@tensorflow/tfjs-layers')
}

async function firstThatStarts({ prefer, cacheFolder }: EngineOptions): Promise<Engine> {
  const order = prefer ? [prefer, ...ORDER.filter((name) => name !== prefer)] : ORDER
  const passedOver: string[] = []
  for (const name of order) {
    try {
      return { name, tf: await START[name](cacheFolder), passedOver }
    } catch (error) {
      passedOver.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(`Expected a TensorFlow.js engine to start, none did. Reinstall with npm ci. ${passedOver.join('; ')}`)
}

const START: Record<EngineName, (cacheFolder?: string) => Promise<Tf>> = {
  async 'tfjs-node'(cacheFolder) {
    trial ??= tryInstalled(cacheFolder)
    const failure = await trial
    if (failure) throw new Error(failure)
    // Removed in Node 23; tfjs-node 4.22 still calls it while it loads.
    const legacy = util as unknown as Record<string, unknown>
    legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
    const loaded = (await import(TFJS_NODE)) as { default?: Tf } & Tf
    const tf = loaded.default ?? loaded
    await use(tf, 'tensorflow')
    return tf
  },
  async wasm() {
    const tf = await import('@tensorflow/tfjs-core')
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
    await withoutNewListeners(() => use(tf, 'wasm'))
    return tf
  },
  async cpu() {
    const tf = await import('@tensorflow/tfjs-core')
    await import('@tensorflow/tfjs-backend-cpu')
    await use(tf, 'cpu')
    return tf
  },
}

async function use(tf: Tf, backend: string): Promise<void> {
  tf.enableProdMode() // no advice on the console, no checks for NaN inside kernels
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`)
  await tf.ready()
}

/**
 * Takes back the listeners for uncaught errors that the WebAssembly loader hangs on the process while `start` runs.
 *
 * They only throw the error again, from its own minified file: the stack printed would be that file's, and the exit code 7.
 */
async function withoutNewListeners(start: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => new Set<unknown>(process.rawListeners(event)))
  await start()
  events.forEach((event, k) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[k]!.has(listener)) process.removeListener(event, listener as () => void)
    }
  })
}

/** Undefined when the installed tfjs-node works, else why it does not. */
async function tryInstalled(cacheFolder: string | undefined): Promise<string | undefined> {
  let entry: string
  try {
    entry = require.resolve(TFJS_NODE)
  } catch {
    return 'not installed'
  }
  return tryInChildProcess(entry, cacheFolder)
}

/**
 * Loads a package's entry file in a child process and multiplies two matrices with it.
 *
 * @param cacheFolder - keeps the verdict until the file or Node changes
 * @returns undefined when the product was right, else what happened
 */
export async function tryInChildProcess(entry: string, cacheFolder?: string): Promise<string | undefined> {
  const key = `${process.version} ${entry} ${(await stat(entry)).mtimeMs}`
  const file = cacheFolder && path.join(cacheFolder, 'tfjs-node-trial.json')
  const kept = file && (await readVerdict(file, key))
  if (kept) return kept.failure
  const failure = await runTrial(entry)
  if (file) {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify({ key, failure }))
  }
  return failure
}

const runTrial = (entry: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const args = ['--input-type=module', '-e', TRIAL, entry]
    execFile(process.execPath, args, { timeout: TRIAL_TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (!error) resolve(undefined)
      else
        resolve(`trial in a child process failed (${error.signal ?? `exit ${error.code}`}) ${lastLine(stderr)}`.trim())
    })
  })

async function readVerdict(file: string, key: string): Promise<{ failure?: string } | undefined> {
  try {
    const verdict = JSON.parse(await readFile(file, 'utf8')) as { key?: string; failure?: string }
    return verdict.key === key ? verdict : undefined
  } catch {
    return undefined
  }
}

const lastLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('Error'))
    .at(0)
    ?.slice(0, 160) ?? ''
