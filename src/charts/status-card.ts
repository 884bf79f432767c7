import type { LabelledCluster, StatusPicture, StatusRow } from '../domain/picture.ts'
import { heading, noteInPlot } from './heading.ts'
import { pnlPane } from './pnl-pane.ts'
import { shortPrice, shortUsd } from './scales.ts'
import { fitText, printable, textWidth } from './text.ts'
import {
  type ChartOptions,
  drawnText,
  inkOf,
  MARGIN,
  PICTURE_WIDTH,
  SIZE,
  type Theme,
  textStyle,
  themeOf,
} from './theme.ts'

/** As many fit beside a plot that can still be read; the others are named. */
const MOST_ROWS = 3
const ROW = 182
const WIDTH = PICTURE_WIDTH - 2 * MARGIN
const [FROM, TO] = [MARGIN, PICTURE_WIDTH - MARGIN]
const BOTTOM = 86
/** How far from the price the ruler reaches on each side, unless something to be shown is further away. */
const REACH = 0.05
const FURTHEST = 0.6

type Element = Record<string, unknown>

/** A book as it stands: hedge, what waits near the price and where the hedge ends, for each asset; below, what it made. */
export function statusCard(picture: StatusPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const shown = picture.rows.slice(0, MOST_ROWS)
  const left = picture.rows.slice(MOST_ROWS).map(({ asset }) => printable(asset))
  const rowsEnd = bottom + 20 + shown.length * ROW
  const top = rowsEnd + (left.length > 0 ? 32 : 0)
  const pane = pnlPane(picture.pnl, { top, bottom: 1000 - BOTTOM, index: 0, theme })
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: [
      ...shown.flatMap((row, i) => rowElements(row, { top: bottom + 20 + i * ROW, theme })),
      ...(left.length > 0
        ? [text(`and ${left.join(', ')}`, { x: FROM, y: rowsEnd + 14, width: WIDTH, theme, muted: true })]
        : []),
      ...pane.legend,
    ],
    grid: [pane.grid],
    xAxis: [pane.xAxis],
    yAxis: [pane.yAxis],
    series: [...pane.series, ...(picture.pnl.length < 2 ? [noteInPlot('no prices on record yet', theme)] : [])],
  }
}

/** Name, price and holding; a bar of how much is hedged; a ruler of the price with what lies near. */
function rowElements(row: StatusRow, { top, theme }: { top: number; theme: Theme }): Element[] {
  const price = row.price === undefined ? 'no price yet' : shortPrice(row.price)
  const name = fitText(`${printable(row.asset)} ${price}`, { width: WIDTH * 0.5, size: SIZE.text, bold: true })
  const hedged = `${Math.round(row.hedgeRatio * 100)} % hedged`
  return [
    text(name, { x: FROM, y: top + 16, width: WIDTH / 2, theme, bold: true }),
    text(`${printable(row.held)}, ${hedged}`, { x: TO, y: top + 16, width: WIDTH / 2 - 16, theme, align: 'right' }),
    ...hedgeBar(row.hedgeRatio, { top: top + 36, theme }),
    ...(row.price === undefined ? [] : ruler(row, row.price, { top: top + 66, theme })),
  ]
}

function hedgeBar(ratio: number, { top, theme }: { top: number; theme: Theme }): Element[] {
  const share = Math.max(0, Math.min(1, ratio))
  const rect = (width: number, fill: string): Element => ({
    type: 'rect',
    silent: true,
    shape: { x: FROM, y: top, width, height: 18, r: 4 },
    style: { fill },
  })
  return [rect(WIDTH, theme.faint), ...(share > 0 ? [rect(Math.max(4, WIDTH * share), theme.hedge)] : [])]
}

/** The price in the middle of a line, with clusters and the liquidation price of the hedge at their distance from it. */
function ruler(row: StatusRow, price: number, { top, theme }: { top: number; theme: Theme }): Element[] {
  const { liquidation } = row
  const marks = row.clusters.filter(({ peakPrice }) => Math.abs(peakPrice / price - 1) <= FURTHEST)
  const reach = Math.max(REACH, ...marks.map(({ peakPrice }) => 1.15 * Math.abs(peakPrice / price - 1)))
  const xOf = (level: number): number => (FROM + TO) / 2 + ((level / price - 1) / reach) * (WIDTH / 2)
  const y = top + 22
  const below = marks.filter(({ side }) => side === 'sell')
  const above = marks.filter(({ side }) => side === 'buy')
  const end = liquidation && liquidation.price / price - 1
  const away = end === undefined ? '' : `${(Math.abs(end) * 100).toFixed(1)} % ${end < 0 ? 'below' : 'above'}`
  return [
    {
      type: 'line',
      silent: true,
      shape: { x1: FROM, y1: y, x2: TO, y2: y },
      style: { stroke: theme.muted, lineWidth: 2 },
    },
    ...marks.flatMap((cluster) => band(cluster, { xOf, y, theme })),
    {
      type: 'rect',
      silent: true,
      shape: { x: xOf(price) - 3, y: y - 16, width: 6, height: 32 },
      style: { fill: theme.ink },
    },
    ...(liquidation && Math.abs(end!) <= reach ? [cross(xOf(liquidation.price), y, theme)] : []),
    text(nearest(below, price, 'no longs stand out below'), {
      x: FROM,
      y: y + 36,
      width: WIDTH / 2 - 16,
      theme,
      colour: inkOf(theme, 'sell'),
    }),
    text(nearest(above, price, 'no shorts stand out above'), {
      x: TO,
      y: y + 36,
      width: WIDTH / 2 - 16,
      theme,
      colour: inkOf(theme, 'buy'),
      align: 'right',
    }),
    ...(liquidation
      ? [
          text(`hedge liquidated at ${shortPrice(liquidation.price)}, ${away}, ${printable(liquidation.assumption)}`, {
            x: FROM,
            y: y + 66,
            width: WIDTH,
            theme,
            muted: true,
          }),
        ]
      : []),
  ]
}

function band(
  { lowPrice, highPrice, side }: LabelledCluster,
  { xOf, y, theme }: { xOf: (price: number) => number; y: number; theme: Theme },
): Element[] {
  const [from, to] = [Math.max(FROM, xOf(lowPrice)), Math.min(TO, xOf(highPrice))]
  const width = Math.max(8, to - from)
  const x = Math.max(FROM, Math.min(TO - width, (from + to) / 2 - width / 2))
  return [
    {
      type: 'rect',
      silent: true,
      shape: { x, y: y - 11, width, height: 22, r: 3 },
      style: { fill: inkOf(theme, side) },
    },
  ]
}

const cross = (x: number, y: number, theme: Theme): Element => ({
  type: 'polyline',
  silent: true,
  shape: {
    points: [
      [x - 9, y - 9],
      [x + 9, y + 9],
      [x, y],
      [x - 9, y + 9],
      [x + 9, y - 9],
    ],
  },
  style: { stroke: theme.alert, lineWidth: 4, fill: 'none' },
})

function nearest(clusters: readonly LabelledCluster[], price: number, none: string): string {
  const [first] = clusters.toSorted((a, b) => Math.abs(a.peakPrice - price) - Math.abs(b.peakPrice - price))
  if (!first) return none
  const distance = `${(Math.abs(first.peakPrice / price - 1) * 100).toFixed(1)} %`
  return first.side === 'sell'
    ? `longs ${shortUsd(first.notional)} at ${shortPrice(first.peakPrice)}, ${distance} below`
    : `shorts ${shortUsd(first.notional)} at ${shortPrice(first.peakPrice)}, ${distance} above`
}

function text(
  words: string,
  {
    x,
    y,
    width,
    theme,
    align = 'left',
    bold = false,
    muted = false,
    colour,
  }: {
    x: number
    y: number
    width: number
    theme: Theme
    align?: 'left' | 'right'
    bold?: boolean
    muted?: boolean
    colour?: string
  },
): Element {
  const size = bold ? SIZE.text + 4 : SIZE.small
  const fitted = fitText(words, { width, size, bold })
  // Where the right edge is given, the words begin as far left of it as they are wide.
  const start = align === 'left' ? x : x - textWidth(fitted, { size, bold })
  return {
    type: 'text',
    silent: true,
    style: {
      ...drawnText(colour ?? (muted ? theme.muted : theme.ink), size, {
        verticalAlign: 'middle',
        ...(bold ? { fontWeight: 'bold' as const } : {}),
      }),
      text: fitted,
      x: start,
      y,
    },
  }
}
