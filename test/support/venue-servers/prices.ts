export const ASSETS = ['ETH', 'BTC'] as const
const BASE: Readonly<Record<string, number>> = { ETH: 3000, BTC: 100_000 }

export const MINUTE = 60_000
export const HOUR = 3_600_000

/** A price that moves, the same for everyone who asks about the same moment. */
export const priceAt = (asset: string, at: number): number =>
  Number(((BASE[asset] ?? 100) * (1 + 0.01 * Math.sin(at / 7_000_000))).toFixed(2))

export interface Candle {
  readonly openAt: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Candles from `from` up to the one still open at `now`, oldest first, at most `limit` (the newest when no start is given). */
export function candles(
  asset: string,
  { length, from, now, limit }: { length: number; from?: number; now: number; limit: number },
): readonly Candle[] {
  const current = Math.floor(now / length) * length
  const first = from === undefined ? current - (limit - 1) * length : Math.ceil(from / length) * length
  const count = Math.max(0, Math.min(limit, (current - first) / length + 1))
  return Array.from({ length: count }, (_, i) => {
    const openAt = first + i * length
    const [open, close] = [priceAt(asset, openAt), priceAt(asset, openAt + length)]
    return { openAt, open, close, high: Math.max(open, close) * 1.001, low: Math.min(open, close) * 0.999 }
  })
}

/** Levels from best outward, `step` apart, `amount` each. */
export const levels = (
  mid: number,
  { step, count, amount }: { step: number; count: number; amount: number },
): { bids: [number, number][]; asks: [number, number][] } => ({
  bids: Array.from({ length: count }, (_, i) => [mid - step / 2 - i * step, amount]),
  asks: Array.from({ length: count }, (_, i) => [mid + step / 2 + i * step, amount]),
})

/** Times of an interval in a window, oldest first. */
export function times({ step, from, to }: { step: number; from: number; to: number }): readonly number[] {
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
}
