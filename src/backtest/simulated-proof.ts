/**
 * What the confidence of clusters is worth on simulated markets: fitted on some seeds, judged on others.
 *
 * @module
 * @see specification §7.1 (worlds), §7.5 T6, T8
 */
import { fitAndJudge } from '../../models/cluster-confidence.ts'
import type { ConfidenceArtifact } from '../../models/confidence-file.ts'
import { CASCADE_RULE } from '../domain/liquidation/cluster-outcome.ts'
import type { ConfidenceSample } from '../domain/liquidation/confidence.ts'
import { collectConfidenceSamples, type ObservedStep } from '../domain/liquidation/confidence-samples.ts'
import type { Tick } from '../domain/market/tick.ts'
import { HOUR, type TimestampMs } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'

/**
 * `null`: liquidations do not move price; `null-without-book`: and nobody shows a book, whose depth tells of volatility. `placebo`: price of one market, clusters and all other conditions of another, as
 * far from the price as they are there. There a fall of open
 * interest counts from one percent on whatever the cluster's size, for the event itself must not know of the wrong map;
 * `planted-fixed` is the planted world under the same rule, to compare.
 */
export type WorldKind = 'planted' | 'planted-fixed' | 'null' | 'null-without-book' | 'placebo'

export interface ProofOptions {
  readonly trainSeeds: readonly number[]
  readonly testSeeds: readonly number[]
  /** A market of hourly history with one asset, the same for the same seed. */
  readonly open: (seed: number, world: 'planted' | 'null') => MarketSource
  readonly onProgress?: (text: string) => void
}

export interface WorldProof {
  readonly world: WorldKind
  readonly trainSamples: number
  readonly testSamples: number
  /** Touched, and open interest then fell. */
  readonly event: ConfidenceArtifact['report']
  /** Touched, and price went on: what positions cannot say where liquidations do not move price. */
  readonly continued: ConfidenceArtifact['report']
}

/** The other market of a placebo, far from any seed that is asked for. */
const OTHER = 100_000

/** One world: samples of every seed, fit on the training seeds, judgement on the others. */
export async function proveConfidence(
  world: WorldKind,
  options: ProofOptions,
): Promise<{ readonly proof: WorldProof; readonly fitted: ConfidenceArtifact }> {
  const collect = async (seeds: readonly number[]): Promise<readonly ConfidenceSample[]> => {
    const all: ConfidenceSample[] = []
    for (const seed of seeds) {
      options.onProgress?.(`${world} world, seed ${seed}`)
      for (const sample of await samplesOf(world, seed, options)) all.push(sample)
    }
    return all
  }
  const [fitted, held] = [await collect(options.trainSeeds), await collect(options.testSeeds)]
  options.onProgress?.(`${world} world, judging`)
  const facts = {
    fitted,
    held,
    calibratedOn: 'simulated',
    trainedOn: `${world} world, seeds ${options.trainSeeds.join(', ')}`,
  } as const
  const event = fitAndJudge(facts)
  const proof = {
    world,
    trainSamples: fitted.length,
    testSamples: held.length,
    event: event.report,
    continued: fitAndJudge({ ...facts, target: 'continued' }).report,
  }
  return { proof, fitted: event }
}

async function samplesOf(world: WorldKind, seed: number, { open }: ProofOptions): Promise<readonly ConfidenceSample[]> {
  const market = open(seed, world.startsWith('null') ? 'null' : 'planted')
  const fixed = world === 'placebo' || world === 'planted-fixed'
  const [asset] = market.assets
  const shown = ({ feed }: { feed: Tick['type'] }): boolean => world !== 'null-without-book' || feed !== 'book-depth'
  const feeds = market.feeds.filter(shown).map((feed) => ({ ...feed, cadence: HOUR }))
  const other = world === 'placebo' ? await ticksByTime(open(seed + OTHER, 'planted')) : undefined
  const samples = await collectConfidenceSamples(only(market.steps(), shown), {
    asset: asset!,
    feeds,
    series: `seed ${seed}`,
    rule: fixed ? { ...CASCADE_RULE, fallOfCluster: 0 } : CASCADE_RULE,
    placebo: other && { kind: 'moved', ticks: ({ at }) => other.get(at) ?? [] },
  })
  await market.close()
  return samples
}

async function* only(
  steps: AsyncIterable<ObservedStep>,
  shown: (tick: { feed: Tick['type'] }) => boolean,
): AsyncGenerator<ObservedStep> {
  for await (const { at, ticks } of steps) yield { at, ticks: ticks.filter(({ type }) => shown({ feed: type })) }
}

async function ticksByTime(market: MarketSource): Promise<ReadonlyMap<TimestampMs, readonly Tick[]>> {
  const byTime = new Map<TimestampMs, readonly Tick[]>()
  for await (const { at, ticks } of market.steps()) byTime.set(at, ticks)
  await market.close()
  return byTime
}
