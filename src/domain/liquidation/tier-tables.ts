/**
 * Tables to start from where none has been loaded from a venue: complete ones only, each passing the recursion, each from the
 * day on which its source saw it; before that day nothing is known.
 *
 * @module
 */
import type { VenueId } from '../market/tick.ts'
import { price, timestamp } from '../units.ts'
import { parseMarginTiers, type TierRow, type TierTable } from './margin-tiers.ts'

/** No venue that leaves its last tier open has ever held a position of this size. */
export const UNBOUNDED_NOTIONAL = 100_000_000_000

/** Round prices, not quotes, at which tables that count coins are written down; `atPrice` moves them to the market's. */
const REFERENCE_PRICE = { BTC: price(100_000), ETH: price(3_000) }

/** Deribit's rule is written out up to 3,600 BTC and 54,000 ETH; a larger position is beyond the table. */
const DERIBIT_ROWS = 60

type Row = readonly [cap: number, maintenanceRate: number, maxLeverage: number, deduction?: number]

const BINANCE = 'Binance brackets as the freqtrade project recorded them, autumn 2024'
const BYBIT = 'Bybit risk limits (v5) as a freqtrade cache kept them, 2025-12-29'
const OKX = 'OKX position tiers (v5) as a freqtrade cache kept them, 2025-07-23'
const DERIBIT = 'Deribit release note of 2022-01-11, standard margin'
const HYPERLIQUID = 'Hyperliquid meta answer of 2026-09-27 and its page on margin tiers'
const DYDX = 'dYdX indexer answer of 2025-12-08'

/** Binance, Bybit, OKX, Deribit, Hyperliquid and dYdX, BTC and ETH each. */
export const DEFAULT_TIER_TABLES: readonly TierTable[] = [
  table('binance', 'BTCUSDT', { from: '2024-10-01', source: BINANCE }, [
    [50_000, 0.004, 125, 0],
    [600_000, 0.005, 100, 50],
    [3_000_000, 0.0065, 75, 950],
    [12_000_000, 0.01, 50, 11_450],
    [70_000_000, 0.02, 25, 131_450],
    [100_000_000, 0.025, 20, 481_450],
    [230_000_000, 0.05, 10, 2_981_450],
    [480_000_000, 0.1, 5, 14_481_450],
    [600_000_000, 0.125, 4, 26_481_450],
    [800_000_000, 0.15, 3, 41_481_450],
    [1_200_000_000, 0.25, 2, 121_481_450],
    [1_800_000_000, 0.5, 1, 421_481_450],
  ]),
  table('binance', 'ETHUSDT', { from: '2024-10-01', source: BINANCE }, [
    [50_000, 0.004, 125, 0],
    [600_000, 0.005, 100, 50],
    [3_000_000, 0.0065, 75, 950],
    [12_000_000, 0.01, 50, 11_450],
    [50_000_000, 0.02, 25, 131_450],
    [65_000_000, 0.025, 20, 381_450],
    [150_000_000, 0.05, 10, 2_006_450],
    [320_000_000, 0.1, 5, 9_506_450],
    [400_000_000, 0.125, 4, 17_506_450],
    [530_000_000, 0.15, 3, 27_506_450],
    [800_000_000, 0.25, 2, 80_506_450],
    [1_200_000_000, 0.5, 1, 280_506_450],
  ]),
  // An excerpt of BTCUSDT in circulation leaves rows out and stops at 80 M: it breaks the recursion and is not used.
  table('bybit', 'BTCUSDT', { from: '2025-12-29', source: BYBIT }, [
    [2_000_000, 0.005, 100, 0],
    [2_600_000, 0.0056, 90, 1_200],
    [3_200_000, 0.0063, 80, 3_020],
    [3_800_000, 0.0067, 75, 4_300],
    [4_400_000, 0.0071, 70, 5_820],
    [5_000_000, 0.0077, 65, 8_460],
    [5_600_000, 0.0091, 55, 15_460],
    [8_500_000, 0.01, 50, 20_500],
    [10_000_000, 0.013, 45, 46_000],
    [14_000_000, 0.015, 40, 66_000],
    [20_000_000, 0.016, 35, 80_000],
    [28_000_000, 0.02, 30, 160_000],
    [38_000_000, 0.025, 25, 300_000],
    [50_000_000, 0.029, 20, 452_000],
    [55_000_000, 0.03, 19, 502_000],
    [60_000_000, 0.035, 18, 777_000],
    [65_000_000, 0.036, 17, 837_000],
    [70_000_000, 0.038, 16, 967_000],
    [75_000_000, 0.04, 15, 1_107_000],
    [80_000_000, 0.045, 14, 1_482_000],
    [85_000_000, 0.05, 13, 1_882_000],
    [90_000_000, 0.055, 12, 2_307_000],
    [95_000_000, 0.06, 11, 2_757_000],
    [100_000_000, 0.065, 10, 3_232_000],
    [105_000_000, 0.07, 9, 3_732_000],
    [110_000_000, 0.085, 8, 5_307_000],
    [115_000_000, 0.095, 7, 6_407_000],
    [120_000_000, 0.1, 6, 6_982_000],
    [150_000_000, 0.12, 5, 9_382_000],
    [200_000_000, 0.14, 4, 12_382_000],
    [250_000_000, 0.18, 3, 20_382_000],
    [400_000_000, 0.3, 2, 50_382_000],
    [600_000_000, 0.42, 1.43, 98_382_000],
    [800_000_000, 0.5, 1.28, 146_382_000],
    [1_200_000_000, 0.6, 1, 226_382_000],
  ]),
  table('bybit', 'ETHUSDT', { from: '2025-12-29', source: BYBIT }, [
    [900_000, 0.005, 100, 0],
    [1_200_000, 0.0056, 90, 540],
    [1_500_000, 0.0063, 80, 1_380],
    [1_800_000, 0.0067, 75, 1_980],
    [2_400_000, 0.0071, 70, 2_700],
    [3_200_000, 0.0077, 65, 4_140],
    [4_000_000, 0.0091, 55, 8_620],
    [5_000_000, 0.01, 50, 12_220],
    [8_000_000, 0.012, 45, 22_220],
    [12_000_000, 0.013, 40, 30_220],
    [16_000_000, 0.014, 35, 42_220],
    [22_000_000, 0.015, 30, 58_220],
    [28_000_000, 0.02, 25, 168_220],
    [32_000_000, 0.025, 20, 308_220],
    [34_000_000, 0.03, 19, 468_220],
    [36_000_000, 0.033, 18, 570_220],
    [38_000_000, 0.035, 17, 642_220],
    [40_000_000, 0.038, 16, 756_220],
    [42_000_000, 0.039, 15, 796_220],
    [44_000_000, 0.042, 14, 922_220],
    [46_000_000, 0.045, 13, 1_054_220],
    [48_000_000, 0.05, 12, 1_284_220],
    [50_000_000, 0.055, 11, 1_524_220],
    [52_000_000, 0.06, 10, 1_774_220],
    [54_000_000, 0.068, 9, 2_190_220],
    [58_000_000, 0.075, 8, 2_568_220],
    [62_000_000, 0.09, 7, 3_438_220],
    [66_000_000, 0.1, 6, 4_058_220],
    [72_000_000, 0.12, 5, 5_378_220],
    [80_000_000, 0.14, 4, 6_818_220],
    [100_000_000, 0.18, 3, 10_018_220],
    [200_000_000, 0.3, 2, 22_018_220],
    [400_000_000, 0.42, 1.43, 46_018_220],
    [600_000_000, 0.5, 1.28, 78_018_220],
    [1_000_000_000, 0.6, 1, 138_018_220],
  ]),
  okxTable('BTC', { contractSize: 0.01, caps: [1_000, 5_000, 20_000], step: 20_000 }),
  okxTable('ETH', { contractSize: 0.1, caps: [5_000, 10_000, 25_000], step: 25_000 }),
  deribitTable('BTC', { perCoin: 0.00005, unit: 1 }),
  deribitTable('ETH', { perCoin: 0.000004, unit: 15 }),
  table('hyperliquid', 'BTC', { from: '2026-09-27', source: HYPERLIQUID }, [
    [150_000_000, maintenanceOfLeverage(40), 40],
    [UNBOUNDED_NOTIONAL, maintenanceOfLeverage(20), 20],
  ]),
  table('hyperliquid', 'ETH', { from: '2026-09-27', source: HYPERLIQUID }, [
    [100_000_000, maintenanceOfLeverage(25), 25],
    [UNBOUNDED_NOTIONAL, maintenanceOfLeverage(15), 15],
  ]),
  // Initial 2 %, maintenance 1.2 %, and no open-interest caps that would raise them.
  table('dydx', 'BTC-USD', { from: '2025-12-08', source: DYDX }, [[UNBOUNDED_NOTIONAL, 0.012, 50]]),
  table('dydx', 'ETH-USD', { from: '2025-12-08', source: DYDX }, [[UNBOUNDED_NOTIONAL, 0.012, 50]]),
]

/** Hyperliquid's rule: maintenance is half of the initial margin at maximum leverage. */
export function maintenanceOfLeverage(maxLeverage: number): number {
  return 1 / (2 * maxLeverage)
}

/**
 * The 99 tiers that OKX gives BTC-USDT and ETH-USDT alike: three of their own, then one every `step` contracts with 0.5 % more
 * of both margins, until initial margin is 50 %. Rows 1 to 36 and 72 to 99 (BTC), 1 to 42 and 93 to 99 (ETH) were read one by
 * one; those between follow from both sides. Whether they are of cross or isolated mode is not stated there; another reading,
 * of 2026-08-31, has the same first five of BTC-USDT.
 */
function okxTable(
  asset: keyof typeof REFERENCE_PRICE,
  { contractSize, caps, step }: { contractSize: number; caps: readonly number[]; step: number },
): TierTable {
  const toUsd = contractSize * REFERENCE_PRICE[asset]
  const [first, second, third] = caps as [number, number, number]
  const rows: Row[] = [
    [first * toUsd, 0.004, 100],
    [second * toUsd, 0.005, 66.66],
    [third * toUsd, 0.0075, 50],
  ]
  for (let tier = 4; tier <= 99; tier++) {
    const initialRate = (25 + 5 * (tier - 4)) / 1000 // whole thousandths: no dust in the leverage
    const cap = (tier - 2) * step * toUsd
    rows.push([cap, round(initialRate - 0.0125), Math.floor(100 / initialRate + 1e-9) / 100])
  }
  return table('okx', `${asset}-USDT-SWAP`, { from: '2025-07-23', source: OKX, asset }, rows)
}

/**
 * Deribit's maintenance rate grows with the position, 1 % + `perCoin` per coin, so maintenance grows with its square; initial
 * margin is 1 % more. Written as chords between sizes of unit · 1, 4, 9 … coins: exact at every cap, less than 1 % too
 * high between them. The leverage of a row is that at its lower end.
 */
function deribitTable(
  asset: keyof typeof REFERENCE_PRICE,
  { perCoin, unit }: { perCoin: number; unit: number },
): TierTable {
  const rows = Array.from({ length: DERIBIT_ROWS }, (_, i): Row => {
    const [from, to] = [unit * i ** 2, unit * (i + 1) ** 2]
    const maxLeverage = 1 / (0.02 + perCoin * from)
    return [to * REFERENCE_PRICE[asset], round(0.01 + perCoin * (from + to)), Math.floor(maxLeverage * 100) / 100]
  })
  return table('deribit', `${asset}-PERPETUAL`, { from: '2022-01-11', source: DERIBIT, asset }, rows)
}

function round(rate: number): number {
  return Number(rate.toFixed(9))
}

function table(
  venue: VenueId,
  contract: string,
  { from, source, asset }: { from: string; source: string; asset?: keyof typeof REFERENCE_PRICE },
  rows: readonly Row[],
): TierTable {
  const parsed = parseMarginTiers(
    rows.map(([cap, maintenanceRate, maxLeverage, deduction]): TierRow => {
      const row = { cap, maintenanceRate, maxLeverage }
      return deduction === undefined ? row : { ...row, deduction }
    }),
  )
  if (parsed.kind === 'rejected') {
    throw new RangeError(`Expected a sound table of ${venue} ${contract}, row ${parsed.row}: ${parsed.reason}`)
  }
  return {
    venue,
    contract,
    validFrom: timestamp(Date.parse(from)),
    tiers: parsed.tiers,
    source,
    ...(asset === undefined ? {} : { referencePrice: REFERENCE_PRICE[asset] }),
  }
}
