/** Pictures to draw, and eyes to look at what was drawn. */
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import { chartOptions, PICTURE_SIZE } from '../../src/charts/options.ts'
import { renderSvg } from '../../src/charts/render.ts'
import type { MapSnapshot } from '../../src/domain/liquidation/snapshot.ts'
import type {
  EffectivenessPicture,
  LabelledCluster,
  LeadTimePicture,
  LiquidationMapPicture,
  LiquidationProfilePicture,
  ModelHealthPicture,
  Picture,
  PnlPoint,
  PrecisionRecallPicture,
  ReliabilityPicture,
  StatusPicture,
  StatusRow,
  WaterfallPicture,
} from '../../src/domain/picture.ts'
import { HOUR, later, price, timestamp, usd } from '../../src/domain/units.ts'

export const START = timestamp(Date.UTC(2026, 0, 5))
const BIN_WIDTH = 0.0025
const REACH = 120

interface Shape {
  readonly at: number
  readonly price: number
  /** USD by distance from the price in bins, 1 and up. */
  readonly longs?: (distance: number) => number
  readonly shorts?: (distance: number) => number
}

/** A heap of `height` USD in its highest bin, `at` bins from the price. */
export const heap = (at: number, height: number) => (distance: number) =>
  Math.round(height * Math.exp(-(((distance - at) / 5) ** 2)))

/** Longs below a price and shorts above it, by bins from it. */
export function snapshot({ at, price: now, longs = heap(24, 8e6), shorts = heap(20, 5e6) }: Shape): MapSnapshot {
  const middle = Math.round(Math.log(now) / BIN_WIDTH)
  const side = (notional: (distance: number) => number, sign: 1 | -1): number[] =>
    Array.from({ length: 2 * REACH + 1 }, (_, i) => {
      const distance = (i - REACH) * sign
      return distance > 0 ? notional(distance) : 0
    })
  return {
    asset: 'ETH',
    at: timestamp(at),
    price: price(now),
    lowPrice: price(now * 0.997),
    highPrice: price(now * 1.002),
    binWidth: BIN_WIDTH,
    firstBin: middle - REACH,
    longs: side(longs, -1),
    shorts: side(shorts, 1),
  }
}

export const hourly = (count: number, shape: Partial<Shape> = {}): readonly MapSnapshot[] =>
  Array.from({ length: count }, (_, i) =>
    snapshot({ at: later(START, i * HOUR), price: 3000 * (1 + 0.01 * Math.sin(i / 9)), ...shape }),
  )

export const cluster = (over: Partial<Record<keyof LabelledCluster, unknown>> = {}): LabelledCluster =>
  ({
    clusterId: 'k1',
    side: 'sell',
    lowPrice: price(2790),
    peakPrice: price(2823.5),
    highPrice: price(2850),
    notional: usd(61_400_000),
    confidence: 0.42,
    ...over,
  }) as LabelledCluster

const words = {
  title: 'ETH: where leveraged positions wait to be liquidated',
  subtitle: 'four venues, 2 minutes old; confidence calibrated on simulated data only',
  alt: 'Longs of 61.4 M USD wait around 2,823.50.',
}

export const mapPicture = (over: Partial<Omit<LiquidationMapPicture, 'kind'>> = {}): LiquidationMapPicture => ({
  kind: 'liquidation-map',
  asset: 'ETH',
  ...words,
  snapshots: hourly(72),
  clusters: [cluster(), cluster({ side: 'buy', lowPrice: 3130, peakPrice: 3154, highPrice: 3180, confidence: 0.004 })],
  ...over,
})

export const profilePicture = (
  over: Partial<Omit<LiquidationProfilePicture, 'kind'>> = {},
): LiquidationProfilePicture => ({
  kind: 'liquidation-profile',
  asset: 'ETH',
  ...words,
  snapshot: snapshot({ at: START, price: 3000 }),
  clusters: mapPicture().clusters,
  ...over,
})

export const bin = (meanProbability: number, rate: number, count: number) => ({
  meanProbability,
  rate,
  low: rate * 0.6,
  high: Math.min(1, rate * 1.4 + 0.01),
  count,
})

export const reliabilityPicture = (over: Partial<ReliabilityPicture> = {}): ReliabilityPicture => ({
  kind: 'reliability',
  title: 'Confidence of clusters within 24h: said against came',
  subtitle: 'held-out data: 2,412 cluster-days on 402 days, 168 events',
  alt: 'Reliability in 4 bins.',
  curves: [
    {
      name: 'confidence',
      bins: [bin(0.01, 0.008, 1100), bin(0.05, 0.06, 400), bin(0.12, 0.1, 200), bin(0.22, 0.25, 60)],
    },
    { name: 'distance and volatility alone', bins: [bin(0.02, 0.01, 900), bin(0.08, 0.12, 500), bin(0.15, 0.09, 150)] },
  ],
  ...over,
})

export const precisionRecallPicture = (over: Partial<PrecisionRecallPicture> = {}): PrecisionRecallPicture => ({
  kind: 'precision-recall',
  title: 'ETH and BTC: a fall beyond 2.5 σ within 24 h, precision and recall',
  subtitle: 'not fitted on: 2024-01-18 to 2024-07-14, 2,112 decisions, 12 episodes of the market',
  alt: 'Average precision 9 %.',
  curves: [
    {
      name: 'boosted trees',
      points: [
        [0.05, 0.4],
        [0.4, 0.2],
        [1, 0.06],
      ],
    },
    {
      name: 'volatility only',
      points: [
        [0.1, 0.2],
        [1, 0.05],
      ],
    },
  ],
  base: 0.05,
  ...over,
})

const risingTo = (share: number): [number, number][] =>
  [72, 48, 24, 0].map((hours, k) => [hours, (share * (k + 1)) / 4])

export const leadTimePicture = (over: Partial<LeadTimePicture> = {}): LeadTimePicture => ({
  kind: 'lead-time',
  title: 'ETH and BTC: a fall beyond 2.5 σ within 24 h, how early alerts came',
  subtitle: 'not fitted on: 2024-01-18 to 2024-07-14, 2,112 decisions, 12 episodes of the market',
  alt: 'Median 36 hours.',
  curves: [
    { name: 'boosted trees', points: risingTo(0.8) },
    { name: 'volatility only', points: risingTo(0.6) },
  ],
  byChance: risingTo(0.55),
  ...over,
})

/** Hourly, a path that falls and comes back in part, with less of both where it is hedged. */
export const pnlPath = (count: number, scale = 1000): readonly PnlPoint[] =>
  Array.from({ length: count }, (_, i) => {
    const unhedged = scale * (Math.sin(i / 7) - i / 40)
    return { at: later(START, i * HOUR), unhedged: i === 0 ? 0 : unhedged, hedged: i === 0 ? 0 : 0.45 * unhedged }
  })

export const statusRow = (over: Partial<StatusRow> = {}): StatusRow => ({
  asset: 'ETH',
  held: '1,000 ETH, $3.00 M',
  hedgeRatio: 0.62,
  price: price(3000),
  liquidation: { price: price(3968.25), assumption: '3x isolated assumed' },
  clusters: mapPicture().clusters,
  ...over,
})

export const statusPicture = (over: Partial<Omit<StatusPicture, 'kind'>> = {}): StatusPicture => ({
  kind: 'status',
  title: 'Book main: trading active',
  subtitle: '2026-01-05 12:00 UTC, prices 12 s old, paper money',
  alt: 'ETH 62 % hedged.',
  rows: [statusRow()],
  pnl: pnlPath(25),
  ...over,
})

export const modelHealthPicture = (over: Partial<ModelHealthPicture> = {}): ModelHealthPicture => ({
  kind: 'model-health',
  ...words,
  title: 'Model lstm-7 in use, but to be watched',
  days: Array.from({ length: 90 }, (_, i) => ({
    at: START + i * 24 * HOUR,
    logLoss: 0.18 + 0.06 * Math.sin(i / 7),
    baselineLogLoss: 0.2 + 0.04 * Math.cos(i / 9),
  })),
  moved: [
    'open-interest-change-24h, ETH',
    'funding-z, BTC',
    'cascade-down-24h, ETH',
    'log-volatility, BTC',
    'gain, ETH',
  ].map((name, i) => ({ name, psi: 0.62 / (i + 1), limit: 0.4, level: i === 0 ? 'act' : i === 1 ? 'warn' : 'fine' })),
  reliability: [
    {
      name: 'this model',
      bins: [bin(0.01, 0.012, 72), bin(0.03, 0.028, 72), bin(0.06, 0.07, 72), bin(0.14, 0.12, 72)],
    },
    { name: 'volatility alone', bins: [bin(0.03, 0.02, 144), bin(0.07, 0.09, 144)] },
  ],
  ...over,
})

export const effectivenessPicture = (over: Partial<Omit<EffectivenessPicture, 'kind'>> = {}): EffectivenessPicture => ({
  kind: 'effectiveness',
  title: 'Book main: what the hedge did',
  subtitle: '720 h up to 2026-02-04 00:00 UTC; fees and slippage in, funding not accrued on paper',
  alt: 'The hedge avoided 58 % of losses [49 %, 66 %].',
  pnl: pnlPath(720, 40_000),
  rolling: Array.from({ length: 47 }, (_, i) => {
    const value = 0.55 + 0.1 * Math.sin(i / 5)
    return { at: later(START, (168 + i * 12 - 1) * HOUR), value, low: value - 0.15, high: value + 0.12 }
  }),
  meanHedgeRatio: 0.52,
  window: '168 h',
  ...over,
})

/** A way of thirteen features, the largest first. */
export const waterfallPicture = (over: Partial<Omit<WaterfallPicture, 'kind'>> = {}): WaterfallPicture => {
  const sizes = [0.62, 0.31, -0.27, 0.22, 0.18, -0.11, 0.09, -0.08, 0.07, 0.05, -0.04, 0.02, 0.01]
  return {
    kind: 'waterfall',
    title: 'ETH: what makes a fall within 24 h more likely than usual',
    subtitle: 'boosted trees; exact Shapley values; calibrated on simulated data only',
    alt: 'Open interest rose 4.2 % in a day.',
    base: -3.3,
    score: sizes.reduce((sum, size) => sum + size, -3.3),
    unit: 'log odds',
    probabilities: { base: 0.036, score: 0.094 },
    bars: sizes.map((contribution, k) => ({
      name: k % 3 === 0 ? `volatility of the last hours ${k} times that of the last days` : `feature ${k}`,
      contribution,
    })),
    ...over,
  }
}

export interface Drawn {
  readonly svg: string
  readonly background: string
  readonly texts: readonly DrawnText[]
}
export interface DrawnText {
  readonly text: string
  readonly size: number
  readonly fill: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const FONTS = {
  loadSystemFonts: false,
  fontFiles: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
    fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
  ),
  defaultFontFamily: 'DejaVu Sans',
}

/** Draws a picture and reads back every text: what, how large, in which colour, and where its ink lies. */
export function look(picture: Picture, { dark = false }: { dark?: boolean } = {}): Drawn {
  const svg = renderSvg(chartOptions(picture, { dark }), PICTURE_SIZE)
  const texts = [...svg.matchAll(/<text[^>]*style="font-size:([\d.]+)px[^>]*fill="([^"]+)"[^>]*>([^<]*)<\/text>/g)]
  if (texts.length !== svg.split('<text').length - 1) throw new Error('Expected every text to be read, were fewer')
  return {
    svg,
    background: /<rect[^>]*fill="([^"]+)"/.exec(svg)![1]!,
    texts: texts.flatMap(([element, size, fill, text]) => {
      const box = extentOf(element)
      if (!box) return []
      const { x, y, width, height } = box
      return [
        {
          text: text!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
          size: Number(size),
          fill: fill!,
          left: x,
          right: x + width,
          top: y,
          bottom: y + height,
        },
      ]
    }),
  }
}

/** The lines of text, as they stand. */
export const written = (picture: Picture): readonly string[] => look(picture).texts.map(({ text }) => text)

const extents = new Map<string, { x: number; y: number; width: number; height: number } | undefined>()

/** Where the ink of one text lies: alone on a page far larger than the picture, so that nothing is cut off. */
function extentOf(element: string) {
  if (!extents.has(element)) {
    const page = `<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1000">${element}</svg>`
    extents.set(element, new Resvg(page, { font: FONTS }).getBBox())
  }
  return extents.get(element)
}

/** Colour of the pixel that shows an instant and a price, as #rrggbb. */
export function colourAt(
  picture: Picture,
  { x, price: level, dark = false }: { x: number; price: number; dark?: boolean },
): string {
  const options = chartOptions(picture, { dark })
  const grid = options.grid as { left: number; right: number; top: number; bottom: number }
  const yAxis = options.yAxis as { min: number; max: number }
  const xAxis = [options.xAxis].flat()[0] as { min: number; max: number }
  const { width, height } = PICTURE_SIZE
  const share = ({ min, max }: { min: number; max: number }, value: number) => (value - min) / (max - min)
  const column = Math.round(grid.left + share(xAxis, x) * (width - grid.left - grid.right))
  const row = Math.round(height - grid.bottom - share(yAxis, level) * (height - grid.top - grid.bottom))
  const { pixels } = new Resvg(renderSvg(options, PICTURE_SIZE), { font: FONTS }).render()
  return `#${pixels.subarray(4 * (row * width + column), 4 * (row * width + column) + 3).toString('hex')}`
}

/** Relative luminance of WCAG 2, 0 to 1. */
export function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((i) => {
    const share = Number.parseInt(colour.slice(i, i + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast ratio of WCAG 2, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}
