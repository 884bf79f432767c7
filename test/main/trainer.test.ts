import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DAY, duration } from '../../src/domain/units.ts'
import { createTrainer, type TrainerOptions } from '../../src/main/trainer.ts'
import type { Trainer, TrainingEnd, TrainingRequest } from '../../src/ports.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { aModel } from '../support/models.ts'

const FAKE = fileURLToPath(new URL('fake-training.ts', import.meta.url))
const REQUEST: TrainingRequest = { rung: 'lstm', seed: 1, startedBy: 'ben' }

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainer-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

function trainerIn(folder: string, mode: string, over: Partial<TrainerOptions> = {}): Trainer {
  return createTrainer({
    folder,
    clock: createWallClock(),
    command: ({ rung, override }, out) => [process.execPath, FAKE, mode, out, rung, override ?? ''],
    data: async () => ({ kind: 'enough' }),
    read: async (out) => {
      const { epoch } = JSON.parse(await readFile(path.join(out, 'model.json'), 'utf8')) as { epoch: number }
      return aModel(`lstm-of-epoch-${epoch}`)
    },
    ...over,
  })
}

/** Looks until it has an answer; the suite's own limit ends it otherwise. */
async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await sleep(20)
  }
}

const endOf = (trainer: Trainer): Promise<TrainingEnd> => until(() => trainer.ended())
const workingIn = (folder: string): Promise<string> =>
  until(async () => {
    const out = (await readdir(folder)).find((name) => name.startsWith('lstm-1-'))
    return out !== undefined && existsSync(path.join(folder, out, 'hanging')) && path.join(folder, out)
  })

test('a training that ends gives its model, until that is on record', async (t) => {
  const folder = folderOf(t)
  const trainer = trainerIn(folder, 'ends')
  assert.equal(await trainer.progress(), undefined)
  assert.equal(await trainer.ended(), undefined)
  assert.equal(await trainer.cancel(), false)
  const started = await trainer.start(REQUEST)
  assert.deepEqual(started.kind === 'started' && started.progress.request, REQUEST)
  const end = await endOf(trainer)
  assert.equal(end.kind === 'trained' && end.model.modelId, 'lstm-of-epoch-1')
  assert.equal(await trainer.progress(), undefined)
  assert.equal((await trainer.start(REQUEST)).kind, 'already-running', 'what it gave is not on record yet')
  await trainer.settle()
  assert.equal(await trainer.ended(), undefined)
  assert.deepEqual(await readdir(folder), [])
})

test('progress is read with its text and the time left, also by a bot that was started later', async (t) => {
  const folder = folderOf(t)
  await trainerIn(folder, 'hangs').start(REQUEST)
  await workingIn(folder)
  const other = trainerIn(folder, 'ends')
  const progress = await other.progress()
  assert.deepEqual([progress?.share, progress?.text, progress?.left], [0.25, 'epoch 1 of 4', 90_000])
  const again = await other.start({ ...REQUEST, rung: 'tcn' })
  assert.equal(again.kind === 'already-running' && again.progress.request.rung, 'lstm')
  assert.equal(await other.cancel(), true)
})

test('a training runs below everything else and ends when it is cancelled, though it does not listen', async (t) => {
  const folder = folderOf(t)
  const trainer = trainerIn(folder, 'hangs')
  await trainer.start(REQUEST)
  const pid = Number(readFileSync(path.join(await workingIn(folder), 'hanging'), 'utf8'))
  assert.equal(os.getPriority(pid), Math.min(19, os.getPriority() + 10))
  assert.equal(await trainer.cancel(), true)
  await until(async () => !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '')
  assert.deepEqual(await trainer.ended(), { kind: 'cancelled', request: REQUEST })
  assert.equal(await trainer.cancel(), false)
  await trainer.settle()
  assert.deepEqual(await readdir(folder), [])
})

test('one that was killed goes on where it stopped', async (t) => {
  const trainer = trainerIn(folderOf(t), 'is-killed-once')
  await trainer.start(REQUEST)
  const end = await endOf(trainer)
  assert.equal(end.kind === 'trained' && end.model.modelId, 'lstm-of-epoch-2')
})

test('one that is killed again and again has failed', async (t) => {
  const trainer = trainerIn(folderOf(t), 'is-killed')
  await trainer.start(REQUEST)
  assert.deepEqual(await endOf(trainer), {
    kind: 'failed',
    request: REQUEST,
    reason: 'it was killed 5 times before it ended',
  })
})

for (const [mode, reason] of [
  ['fails', /a warning that is no progress; Expected hours to train on, was none/],
  ['writes-nothing', /ENOENT.*model\.json/],
] as const)
  test(`one that ${mode} says why`, async (t) => {
    const trainer = trainerIn(folderOf(t), mode)
    await trainer.start(REQUEST)
    const end = await endOf(trainer)
    assert.match(end.kind === 'failed' ? end.reason : end.kind, reason)
  })

test('of starts at the same moment one has effect, over several bots', async (t) => {
  const folder = folderOf(t)
  const trainers = [1, 2, 3].map(() => trainerIn(folder, 'ends'))
  const kinds = await Promise.all(trainers.map(async (trainer) => (await trainer.start(REQUEST)).kind))
  assert.deepEqual(kinds.toSorted(), ['already-running', 'already-running', 'started'])
  assert.equal((await endOf(trainers[0]!)).kind, 'trained')
})

test('with too little data nothing starts, unless someone says why, and that goes to the model', async (t) => {
  const short = {
    kind: 'too-little-data',
    groups: [{ group: 'options', has: DAY }],
    needed: duration(730 * DAY),
  } as const
  const folder = folderOf(t)
  const trainer = trainerIn(folder, 'ends', { data: async () => short })
  assert.deepEqual(await trainer.start(REQUEST), short)
  assert.deepEqual(await readdir(folder), [])
  const override = 'a month of options is all there is'
  assert.equal((await trainer.start({ ...REQUEST, override })).kind, 'started')
  const end = await endOf(trainer)
  assert.equal(end.request.override, override)
  const [out] = (await readdir(folder)).filter((name) => name.startsWith('lstm-'))
  assert.equal(JSON.parse(readFileSync(path.join(folder, out!, 'args.json'), 'utf8')).at(-1), override)
})

test('too little data that is found once it was read is told by group', async (t) => {
  const trainer = trainerIn(folderOf(t), 'finds-too-little', { data: async () => ({ kind: 'not-known' }) })
  await trainer.start({ ...REQUEST, override: 'all the same' })
  const end = await endOf(trainer)
  assert.deepEqual(end, {
    kind: 'too-little-data',
    request: { ...REQUEST, override: 'all the same' },
    groups: [{ group: 'options', has: DAY }],
  })
})

test('an override that is not needed stands on nothing', async (t) => {
  const trainer = trainerIn(folderOf(t), 'ends')
  await trainer.start({ ...REQUEST, override: 'to be safe' })
  assert.equal((await endOf(trainer)).request.override, undefined)
})

test('where nothing can be trained it says why', async (t) => {
  const reason = 'no folder of recorded data is set'
  const trainer = trainerIn(folderOf(t), 'ends', { data: async () => ({ kind: 'impossible', reason }) })
  assert.deepEqual(await trainer.start({ ...REQUEST, override: 'all the same' }), { kind: 'impossible', reason })
})
