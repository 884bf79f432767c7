import type { Asset, Tick } from '../../domain/market/tick.ts'
import { createGaussian, createRandom } from '../../domain/random.ts'
import { DAY, elapsed, HOUR, later, type TimestampMs } from '../../domain/units.ts'
import type { MarketSource, MarketStep } from '../../ports.ts'
import { createOutages } from './outages.ts'
import { PRESET_NAMES, PRESETS, type PresetName } from './presets.ts'
import { createPublisher, declareFeeds, STEP } from './publication.ts'
import { createQuotes } from './quotes.ts'
import { createSharedShocks } from './shared-shocks.ts'
import { createWorld } from './world.ts'

/** USD per base and long-run one-sided open interest, of the order of what these markets have been. */
const SCALES: Readonly<Record<Asset, { startPrice: number; openInterestUsd: number }>> = {
  BTC: { startPrice: 60_000, openInterestUsd: 20e9 },
  ETH: { startPrice: 3_000, openInterestUsd: 8e9 },
}
const OTHER_SCALE = { startPrice: 100, openInterestUsd: 1e9 }

export interface SimulatedMarketOptions {
  readonly seed: number
  readonly assets: readonly Asset[]
  /** First instant of the window. */
  readonly from: TimestampMs
  /** Last instant; endless without it. */
  readonly to?: TimestampMs
  /** Days of hourly history before the window. */
  readonly warmupDays: number
  /** Default `realistic`. */
  readonly preset?: PresetName
}

/**
 * The synthetic market: correlated worlds, one per asset, seen only through what three venues publish.
 *
 * Assets share 0.9 of every price shock (so any two correlate at 0.81), 0.92 of volatility, 0.84 of appetite and 0.77 of
 * mood, and jump together; each is liquidated on its own. One step per hour before `from`, one per five minutes after.
 * The same options give the same steps, whether read in one go or continued with `after`.
 *
 * @throws {RangeError} on an empty or repeated list of assets, an unknown preset, a negative warm-up or a window that ends
 *   before it starts
 */
export function createSimulatedMarket(options: SimulatedMarketOptions): MarketSource {
  checkOptions(options)
  const { assets, from, to, seed } = options
  const feeds = assets.flatMap(declareFeeds)
  const quotes = createQuotes()
  let closed = false

  async function* steps(reading: { after?: TimestampMs; signal?: AbortSignal } = {}): AsyncGenerator<MarketStep> {
    const after = reading.after ?? Number.NEGATIVE_INFINITY
    const markets = assets.map((asset) => openMarket(asset, options))
    const outages = createOutages(feeds, createRandom(seedOf(seed, 'outages')))
    quotes.clear()
    let unread: Tick[] = []
    // The first hour of history is complete when it is published.
    let at = later(from, STEP - HOUR - options.warmupDays * DAY)
    for (; to === undefined || at <= to; at = later(at, STEP)) {
      if (closed || reading.signal?.aborted) return
      const published: Tick[] = []
      for (const { asset, world, publish } of markets) {
        const step = world.step()
        quotes.record(asset, step, at)
        published.push(...publish(step, at))
      }
      unread.push(...outages(published, at))
      if (at < from && elapsed(from, at) % HOUR !== 0) continue
      const ticks = unread.sort((a, b) => a.receivedAt - b.receivedAt)
      unread = []
      if (at > after) yield { at, ticks, warmup: at < from }
    }
  }

  return {
    name: 'simulated',
    assets,
    clock: 'virtual',
    from,
    ...(to === undefined ? {} : { to }),
    feeds,
    steps,
    problems: () => [],
    quoteAt: (asset, at) => quotes.at(asset, at),
    async close() {
      closed = true
    },
  }
}

function openMarket(asset: Asset, { seed, from, preset = 'realistic' }: SimulatedMarketOptions) {
  const own = seedOf(seed, asset)
  const world = createWorld({
    seed: own,
    preset,
    asset,
    ...(SCALES[asset] ?? OTHER_SCALE),
    shared: createSharedShocks(seed),
  })
  const normal = createGaussian(createRandom(own + 1))
  const accountNormal = createGaussian(createRandom(seedOf(seed, `${asset} accounts`)))
  return { asset, world, publish: createPublisher({ asset, from, normal, accountNormal }) }
}

/** A seed of 32 bits from a seed and a name, so that an asset's world does not depend on which others there are (FNV-1a). */
function seedOf(seed: number, name: string): number {
  let hash = 2166136261
  for (const character of `${seed}/${name}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619)
  return hash >>> 0
}

function checkOptions({ assets, from, to, seed, warmupDays, preset = 'realistic' }: SimulatedMarketOptions): void {
  if (assets.length === 0 || new Set(assets).size < assets.length) {
    throw new RangeError(`Expected one or more different assets, was [${assets.join(', ')}]`)
  }
  if (!Number.isFinite(seed)) throw new RangeError(`Expected a finite seed, was ${seed}`)
  if (!(Number.isInteger(warmupDays) && warmupDays >= 0)) {
    throw new RangeError(`Expected a whole number of warm-up days, was ${warmupDays}`)
  }
  if (!(preset in PRESETS)) throw new RangeError(`Expected a preset of ${PRESET_NAMES.join(', ')}, was ${preset}`)
  if (to !== undefined && !(to >= from))
    throw new RangeError(`Expected a window that ends at or after ${from}, was ${to}`)
}
