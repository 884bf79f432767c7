import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drawPicture } from '../../src/charts/draw.ts'
import { createDrawing, type Drawing } from '../../src/charts/drawing.ts'
import { effectivenessPicture, mapPicture, reliabilityPicture, statusPicture } from './pictures.ts'

const threadOf = (program: string): URL => new URL(`data:text/javascript,${encodeURIComponent(program)}`)

function open(t: { after(work: () => Promise<void>): void }, script?: URL): Drawing {
  const drawing = createDrawing(script ? { script } : {})
  t.after(() => drawing.close())
  return drawing
}

test('the thread draws what would be drawn here, in both looks, several at once', async (t) => {
  const drawing = open(t)
  await drawing.warmUp()
  const pictures = [statusPicture(), effectivenessPicture(), reliabilityPicture()]
  const wanted = pictures.flatMap((picture) => [false, true].map((dark) => ({ picture, dark })))
  const drawn = await Promise.all(wanted.map(({ picture, dark }) => drawing.draw(picture, { dark })))
  for (const [i, { picture, dark }] of wanted.entries())
    assert.ok(drawn[i]!.png.equals(drawPicture(picture, { dark }).png), `${picture.kind}, dark ${dark}`)
})

test('a picture that cannot be drawn says why, and the next is drawn', async (t) => {
  const drawing = open(t)
  await assert.rejects(drawing.draw(mapPicture({ snapshots: [] }), { dark: false }), RangeError)
  assert.ok((await drawing.draw(statusPicture(), { dark: false })).png.length > 1000)
})

test('where no thread can be started the picture is drawn here', async (t) => {
  const drawing = open(t, threadOf('throw new Error("no thread for you")'))
  const asked = [statusPicture(), reliabilityPicture()]
  const drawn = await Promise.all(asked.map((picture) => drawing.draw(picture, { dark: false })))
  assert.ok(drawn[1]!.png.equals(drawPicture(reliabilityPicture()).png))
  assert.ok((await drawing.draw(asked[0]!, { dark: false })).png.equals(drawn[0]!.png))
})

test('a thread that dies at its work fails that picture, and another thread gets the next', async (t) => {
  const dying = threadOf(`
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ id, dark }) => {
      if (dark) process.exit(7)
      parentPort.postMessage({ kind: 'drawn', id, png: new Uint8Array([1, 2, 3]) })
    })
    parentPort.postMessage({ kind: 'ready' })`)
  const drawing = open(t, dying)
  await assert.rejects(drawing.draw(statusPicture(), { dark: true }), /ended with 7/)
  assert.deepEqual((await drawing.draw(statusPicture(), { dark: false })).png, Buffer.from([1, 2, 3]))
})

test('closing fails what is being drawn, and drawing afterwards starts anew', async (t) => {
  const drawing = open(t)
  await drawing.warmUp()
  const failed = assert.rejects(drawing.draw(statusPicture(), { dark: false }), /was closed/)
  await drawing.close()
  await failed
  assert.ok((await drawing.draw(statusPicture(), { dark: false })).png.length > 1000)
})

test('a process waits for its picture and then ends by itself, with whatever flags it was started', () => {
  const module = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)))
  const program = `
    import { drawBeside, warmUp } from ${module('../../src/charts/drawing.ts')}
    await warmUp()
    const { png } = await drawBeside(${JSON.stringify(statusPicture())}, { dark: false })
    process.stdout.write('drawn ' + (png.length > 1000))`
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '-e', program],
    { timeout: 60_000, encoding: 'utf8' },
  )
  assert.deepEqual({ status, signal, stdout }, { status: 0, signal: null, stdout: 'drawn true' }, stderr)
})
