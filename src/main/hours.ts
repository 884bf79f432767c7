import { collectHours } from '../../models/dataset.ts'
import type { AssetHours } from '../../models/samples.ts'
import type { TrainingHours } from '../../models/train.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, type TimestampMs, timestamp } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'
import { createReplayMarket } from '../venues/replay/market.ts'
import { createSimulatedMarket } from '../venues/simulated/market.ts'
import { panelFolder } from './recorded.ts'

/** What models are trained on when nobody says otherwise: six simulated years of two assets, or one of one to see it work. */
const SIMULATED = {
  full: { assets: ['ETH', 'BTC'], days: 6 * 365 },
  quick: { assets: ['ETH'], days: 380 },
} as const
const SIMULATED_FROM = Date.UTC(2019, 0, 1)
const WARMUP_DAYS = 2

export type Say = (share: number, text: string) => void

/** The simulated market that models are trained on, the same for the same seed. */
export function simulatedSource(size: keyof typeof SIMULATED, seed: number): MarketSource {
  const { assets, days } = SIMULATED[size]
  const [from, to] = [timestamp(SIMULATED_FROM), timestamp(SIMULATED_FROM + days * DAY)]
  return createSimulatedMarket({ seed, assets, from, to, warmupDays: WARMUP_DAYS })
}

export async function simulatedHours(
  size: keyof typeof SIMULATED,
  { seed, say, signal }: { seed: number; say: Say; signal?: AbortSignal },
): Promise<TrainingHours> {
  const source = simulatedSource(size, seed)
  const assets = await read(source, { say, signal })
  return { assets, described: describe(source.name, source.assets, source.from, source.to) }
}

export interface RecordedHoursOptions {
  readonly symbols: readonly Asset[]
  /** Default the end of the record. */
  readonly to?: TimestampMs
  readonly say: Say
  readonly signal?: AbortSignal
}

/**
 * Hourly rows and labels of recorded assets, from the beginning of the record on. The record is hourly: it is looked at once an
 * hour, on the hour.
 *
 * @throws {Error} for a folder without panels and for an asset that is not in it: value and remedy
 */
export async function recordedHours(folder: string, options: RecordedHoursOptions): Promise<TrainingHours> {
  const { symbols, to, say, signal } = options
  const source = await createReplayMarket({ folder: panelFolder(folder), assets: symbols, to, warmupDays: 0 })
  const assets = await read(source, { say, signal, phases: [0] })
  return { assets, described: describe('recorded market', source.assets, source.from, source.to) }
}

async function read(
  source: MarketSource,
  { say, signal, phases }: { say: Say; signal?: AbortSignal; phases?: readonly number[] },
): Promise<readonly AssetHours[]> {
  const text = `reading the ${source.name === 'simulated' ? 'simulated' : 'recorded'} market`
  say(0, text)
  try {
    return await collectHours(source, { signal, onProgress: (share) => say(share, text), ...(phases && { phases }) })
  } finally {
    await source.close()
  }
}

const describe = (name: string, assets: readonly Asset[], from: number, to: number | undefined): string =>
  `${name === 'simulated' ? 'simulated market' : name}, ${assets.join(' and ')}, ${day(from)} to ${day(to ?? from)}`

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
