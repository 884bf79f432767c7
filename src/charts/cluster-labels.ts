import type { LabelledCluster } from '../domain/picture.ts'
import { placeLabels } from './label-layout.ts'
import { shortPercent, shortPrice, shortUsd } from './scales.ts'
import { fitText } from './text.ts'
import { drawnText, inkOf, SIZE, type Theme } from './theme.ts'

/** Room to the right of the plot, px. */
export const LABEL_COLUMN = 262
const PER_SIDE = 5
const [CLUSTER_HEIGHT, NOW_HEIGHT] = [62, 34]
const [BRACKET_X, LABEL_X, RIGHT_MARGIN] = [8, 40, 14]
const TEXT_WIDTH = LABEL_COLUMN - LABEL_X - RIGHT_MARGIN

interface PlotArea {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
/** What ECharts hands to a function that draws. */
export interface Coordinates {
  coord(point: readonly [number, number]): readonly [number, number]
}

interface Label {
  readonly price: number
  readonly height: number
  readonly lines: readonly { readonly text: string; readonly style: Record<string, unknown> }[]
  readonly colour: string
}

/**
 * A column of labels beside the plot: the price now, and the largest clusters of each side with a bracket over their extent.
 * Smaller clusters keep their bracket; how many those are is said above the column.
 */
export function clusterLabels(
  clusters: readonly LabelledCluster[],
  { now, theme }: { readonly now: number; readonly theme: Theme },
): Record<string, unknown> {
  return {
    type: 'custom',
    name: 'clusters',
    silent: true,
    clip: false,
    z: 5,
    data: [[0, 0]],
    renderItem: ({ coordSys }: { coordSys: PlotArea }, api: Coordinates) => {
      const yOf = (price: number): number => api.coord([0, price])[1]
      const named = largestThatFit(clusters, coordSys.height)
      const labels = [nowLabel(now, theme), ...named.map((cluster) => clusterLabel(cluster, theme))].sort(
        (a, b) => b.price - a.price,
      )
      const middles = placeLabels(
        labels.map(({ price, height }) => ({ wanted: yOf(price), height })),
        { top: coordSys.y, bottom: coordSys.y + coordSys.height },
      )
      const right = coordSys.x + coordSys.width
      return {
        type: 'group',
        children: [
          ...headerOf(clusters.length, named.length, { x: right + LABEL_X, bottom: coordSys.y - 14, theme }),
          ...clusters.map((cluster) => bracket(cluster, { x: right + BRACKET_X, yOf, theme })),
          ...labels.flatMap((label, i) => drawn(label, { x: right, y: yOf(label.price), middle: middles[i]! })),
        ],
      }
    },
  }
}

function largestThatFit(clusters: readonly LabelledCluster[], height: number): readonly LabelledCluster[] {
  const bySize = clusters.toSorted((a, b) => b.notional - a.notional)
  return (['buy', 'sell'] as const)
    .flatMap((side) => bySize.filter((cluster) => cluster.side === side).slice(0, PER_SIDE))
    .sort((a, b) => b.notional - a.notional)
    .slice(0, Math.max(0, Math.floor((height - NOW_HEIGHT) / CLUSTER_HEIGHT)))
}

const nowLabel = (now: number, theme: Theme): Label => ({
  price: now,
  height: NOW_HEIGHT,
  colour: theme.ink,
  lines: [
    {
      text: fitText(`now ${shortPrice(now)}`, { width: TEXT_WIDTH, size: SIZE.text, bold: true }),
      style: drawnText(theme.ink, SIZE.text, { fontWeight: 'bold' }),
    },
  ],
})

function clusterLabel(cluster: LabelledCluster, theme: Theme): Label {
  const colour = inkOf(theme, cluster.side)
  const confidence = cluster.confidence === undefined ? '' : ` · ${shortPercent(cluster.confidence)}`
  const name = `${cluster.side === 'sell' ? 'longs' : 'shorts'} ${shortPrice(cluster.peakPrice)}`
  return {
    price: cluster.peakPrice,
    height: CLUSTER_HEIGHT,
    colour,
    lines: [
      {
        text: fitText(name, { width: TEXT_WIDTH, size: SIZE.text, bold: true }),
        style: drawnText(colour, SIZE.text, { fontWeight: 'bold' }),
      },
      {
        text: fitText(`${shortUsd(cluster.notional)}${confidence}`, { width: TEXT_WIDTH, size: SIZE.text }),
        style: drawnText(theme.ink, SIZE.text),
      },
    ],
  }
}

/** A line from the price to the label, and the label's lines of text. */
function drawn({ lines, colour }: Label, { x, y, middle }: { x: number; y: number; middle: number }) {
  const lineHeight = 27
  const top = middle - ((lines.length - 1) * lineHeight) / 2
  return [
    {
      type: 'polyline',
      shape: {
        points: [
          [x + BRACKET_X + 2, y],
          [x + BRACKET_X + 9, y],
          [x + LABEL_X - 9, middle],
          [x + LABEL_X - 4, middle],
        ],
      },
      style: { stroke: colour, lineWidth: 2, fill: 'none' },
    },
    ...lines.map(({ text, style }, i) => ({
      type: 'text',
      style: { ...style, text, x: x + LABEL_X, y: top + i * lineHeight, verticalAlign: 'middle' },
    })),
  ]
}

function bracket(
  { side, lowPrice, highPrice }: LabelledCluster,
  { x, yOf, theme }: { x: number; yOf: (price: number) => number; theme: Theme },
) {
  const [top, bottom] = [yOf(highPrice), yOf(lowPrice)]
  const height = Math.max(4, bottom - top)
  return {
    type: 'rect',
    shape: { x, y: (top + bottom - height) / 2, width: 4, height },
    style: { fill: inkOf(theme, side) },
  }
}

function headerOf(all: number, named: number, { x, bottom, theme }: { x: number; bottom: number; theme: Theme }) {
  if (all === 0) return []
  const lines = ['USD waiting,', 'confidence in 24 h']
  if (named < all) lines.push(`(${all - named} smaller unnamed)`)
  return lines.map((text, i) => ({
    type: 'text',
    style: {
      ...drawnText(theme.muted, SIZE.note),
      text,
      x,
      y: bottom - (lines.length - 1 - i) * 24,
      verticalAlign: 'bottom',
    },
  }))
}
