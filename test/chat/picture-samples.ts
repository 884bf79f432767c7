import type { DrawPicture } from '../../src/chat/pictures.ts'
import type { Card } from '../../src/domain/card.ts'
import type { LiquidationProfilePicture, Picture, ReliabilityPicture } from '../../src/domain/picture.ts'
import { price, timestamp, usd } from '../../src/domain/units.ts'

/** What waits around 3,000 USD: longs in one heap below, shorts in one above. */
export const profilePicture = (
  over: Partial<Omit<LiquidationProfilePicture, 'kind'>> = {},
): LiquidationProfilePicture => {
  const binWidth = 0.0025
  const [middle, reach] = [Math.round(Math.log(3000) / binWidth), 40]
  const heap = (at: number) =>
    Array.from({ length: 2 * reach + 1 }, (_, i) => Math.round(2e6 * Math.exp(-(((i - at) / 4) ** 2))))
  return {
    kind: 'liquidation-profile',
    asset: 'ETH',
    title: 'ETH: what waits to be liquidated',
    subtitle: 'four venues, 2 minutes old, calibrated on simulated data only',
    alt: 'Longs of 14 M USD wait around 2,820 USD, 6 % below the price; shorts of 14 M USD around 3,190 USD.',
    snapshot: {
      asset: 'ETH',
      at: timestamp(Date.UTC(2026, 0, 5, 12)),
      price: price(3000),
      lowPrice: price(2985),
      highPrice: price(3010),
      binWidth,
      firstBin: middle - reach,
      longs: heap(15),
      shorts: heap(65),
    },
    clusters: [
      {
        clusterId: 'k1',
        side: 'sell',
        lowPrice: price(2790),
        peakPrice: price(2820),
        highPrice: price(2850),
        notional: usd(14_000_000),
        confidence: 0.42,
      },
    ],
    ...over,
  }
}

export const reliabilityPicture = (over: Partial<ReliabilityPicture> = {}): ReliabilityPicture => ({
  kind: 'reliability',
  title: 'Said and seen',
  subtitle: '600 forecasts',
  alt: 'Of clusters given 20 %, 24 % were reached.',
  curves: [{ name: 'model', bins: [{ meanProbability: 0.2, rate: 0.24, low: 0.18, high: 0.31, count: 300 }] }],
  ...over,
})

export const cardWith = (picture: Picture | undefined, over: Partial<Card> = {}): Card => ({
  tone: 'info',
  title: 'Liquidations around ETH',
  text: 'The nearest cluster is 6 % below.',
  ...(picture ? { picture } : {}),
  buttons: [{ label: 'Hedge', command: '/hedge propose ETH', style: 'primary', id: 'hedge00000000000' }],
  ...over,
})

/** 1 × 1. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
)

/** Draws in no time: a pixel, and after it which picture and look were asked for. Counts how often. */
export function createPixelDrawer(): DrawPicture & { readonly drawn: string[] } {
  const drawn: string[] = []
  const draw: DrawPicture = (picture, { dark }) => {
    drawn.push(`${picture.title} ${dark ? 'dark' : 'light'}`)
    return { png: Buffer.concat([PIXEL, Buffer.from(drawn.at(-1)!)]) }
  }
  return Object.assign(draw, { drawn })
}

export const brokenDrawer: DrawPicture = () => {
  throw new RangeError('Expected at least one bin, were none')
}
