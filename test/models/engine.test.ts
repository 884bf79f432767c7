import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadEngine, tryInChildProcess } from '../../models/engine.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const isInstalled = (name: string): boolean => {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

test('the engine that is asked for is the one that computes', async () => {
  for (const name of ['cpu', 'wasm'] as const) {
    const engine = await loadEngine({ prefer: name })
    assert.equal(engine.name, name)
    assert.equal(engine.tf.getBackend(), name)
    const product = engine.tf.tidy(() => engine.tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0])
    assert.equal(product, 11)
  }
})

test('an engine leaves no listener for uncaught errors behind', () => {
  // A process of its own: the test runner listens too.
  const script = `
    const { loadEngine } = await import('./models/engine.ts')
    const mine = () => {}
    process.on('uncaughtException', mine)
    await loadEngine({ prefer: 'wasm' })
    console.log(process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection'))
  `
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: ROOT })
  assert.equal(stdout.trim(), '1 0')
})

test('without tfjs-node the next engine is taken and it is said why', async () => {
  const engine = await loadEngine()
  if (engine.name === 'tfjs-node') {
    assert.deepEqual(engine.passedOver, [])
    return
  }
  assert.equal(engine.name, 'wasm')
  const expected = isInstalled('@tensorflow/tfjs-node')
    ? /^tfjs-node: trial in a child process failed/
    : /^tfjs-node: not installed/
  assert.match(engine.passedOver.join(), expected)
})

test('asking for tfjs-node where it does not work falls through to the order', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'engine-'))
  const engine = await loadEngine({ prefer: 'tfjs-node', cacheFolder: folder })
  assert.ok(['tfjs-node', 'wasm'].includes(engine.name))
  await rm(folder, { recursive: true })
})

test('a native library that aborts takes only the child process with it', async (t) => {
  const entry = await packageFile(t, 'process.abort()')
  assert.match((await tryInChildProcess(entry)) ?? '', /trial in a child process failed \(SIGABRT\)/)
})

test('a trial says which error stopped it, and a wrong product fails it', async (t) => {
  const broken = await packageFile(t, "throw new Error('libtensorflow.so.2: cannot open shared object file')")
  assert.match((await tryInChildProcess(broken)) ?? '', /libtensorflow\.so\.2/)
  const wrong = await packageFile(t, 'export const matMul = () => ({ dataSync: () => [12] })')
  assert.match((await tryInChildProcess(wrong)) ?? '', /exit 3/)
})

test('a trial that works is remembered until the package changes', async (t) => {
  const entry = await packageFile(t, 'export const matMul = () => ({ dataSync: () => [11] })')
  const cache = path.dirname(entry)
  const installed = new Date('2025-02-03T01:00:00Z')
  await utimes(entry, installed, installed)
  assert.equal(await tryInChildProcess(entry, cache), undefined)
  await writeFile(entry, 'process.abort()')
  await utimes(entry, installed, installed)
  assert.equal(await tryInChildProcess(entry, cache), undefined)
  await utimes(entry, installed, new Date('2025-02-04T01:00:00Z'))
  assert.match((await tryInChildProcess(entry, cache)) ?? '', /SIGABRT/)
})

async function packageFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'engine-'))
  t.after(() => rm(folder, { recursive: true }))
  const entry = path.join(folder, 'entry.mjs')
  await writeFile(entry, text)
  return entry
}
