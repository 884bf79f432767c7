/**
 * s for one fit of a rung on two years of two assets, decisions every four hours, six venues, in a process of its own; beside it
 * the bare gradients of as many batches, or the bare sums of as many trees. And MB after twenty fits in one process, beside what
 * it was after the first of each network.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { NETWORKS } from '../models/ladder.ts'
import type { RungName } from '../models/rung.ts'
import { type Bench, compare } from './bench.ts'
import { isBrief } from './rounds.ts'
import type { FitMeasured } from './train-once.ts'

const RETRAINS = 20
/** As a trainer is started. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16']
const TRAINED: readonly RungName[] = [...NETWORKS, 'boosted-trees']
const SIZE = isBrief ? 'quick' : 'full'

export const trainings: readonly Bench[] = TRAINED.map((rung) => ({
  name: `train-${rung}`,
  async run() {
    const { seconds, limitSeconds, rssMb, peakMb, samples, rounds }: FitMeasured = await run(
      'train-once.ts',
      rung,
      SIZE,
    )
    return compare({
      unit: 's',
      ours: [seconds],
      limits: [limitSeconds],
      apart: {
        'MB at the end': rssMb,
        'MB at most': peakMb,
        samples,
        [rung === 'boosted-trees' ? 'trees' : 'epochs']: rounds,
      },
    })
  },
}))

export const retrainMemory: Bench = {
  name: 'retrain-memory',
  async run() {
    const residentMb: readonly number[] = await run('retrain-often.ts', String(RETRAINS), SIZE)
    const kinds = isBrief ? 1 : NETWORKS.length
    return compare({
      unit: 'MB',
      ours: residentMb.slice(-kinds),
      limits: residentMb.slice(0, kinds),
      apart: { fits: residentMb.length, 'at most': Math.max(...residentMb) },
    })
  },
}

/** @throws {Error} when the program ends with an error: what it said */
async function run<T>(program: string, ...words: readonly string[]): Promise<T> {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, file, ...words])
  return JSON.parse(stdout) as T
}
