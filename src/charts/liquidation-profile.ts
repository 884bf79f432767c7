import type { LiquidationProfilePicture } from '../domain/picture.ts'
import { type Coordinates, clusterLabels, LABEL_COLUMN } from './cluster-labels.ts'
import { heading, noteInPlot } from './heading.ts'
import { type Cell, cellsOf, colourScale, type PriceRange, visibleRange } from './heat-cells.ts'
import { priceAxis } from './price-axis.ts'
import { niceTicks, shortUsd } from './scales.ts'
import { type ChartOptions, drawnText, inkOf, MARGIN, rampOf, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

const LEGEND_HEIGHT = 30
/** Where nothing waits the axis still needs an end. */
const EMPTY_AXIS_USD = 1e6
/** Short bars would be too faint to see in the colour of an equally small cell of the map. */
const FAINTEST_BAR = 4

/**
 * What waits at each price now: a bar per bin of 0.25 %, shorts above the price and longs below it, how much that adds up to
 * on the way there from the price, and the clusters named at the right.
 */
export function liquidationProfileChart(picture: LiquidationProfilePicture, { dark }: { dark: boolean }): ChartOptions {
  const { snapshot, clusters } = picture
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const range = visibleRange([snapshot], clusters)
  const cells = cellsOf(snapshot, range)
  const scale = colourScale([snapshot], range)
  const sums = (['sell', 'buy'] as const).map((side) => ({
    side,
    points: sumOutward(cells, side, { range, snapshot }),
  }))
  const { axis, room } = priceAxis(range, theme)
  const largestBin = Math.max(0, ...cells.map(({ notional }) => notional))
  const largestSum = Math.max(0, ...sums.flatMap(({ points }) => points.map(([sum]) => sum)))
  const colourOf = ({ side, notional }: Cell): string =>
    rampOf(theme, side)[Math.max(FAINTEST_BAR, scale.levelOf(notional)) - 1]!
  const binPercent = Number((snapshot.binWidth * 100).toPrecision(2))
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: legend(bottom + 14, theme),
    grid: { left: MARGIN + room, right: LABEL_COLUMN, top: bottom + 14 + LEGEND_HEIGHT + 80, bottom: 96 },
    xAxis: [
      usdAxis(largestBin, `bars: USD in each ${binPercent} % of price`, { position: 'bottom', theme }),
      usdAxis(largestSum, 'lines: USD from the price to there', { position: 'top', theme }),
    ],
    yAxis: axis,
    series: [
      bars(cells, colourOf),
      ...sums.flatMap(({ side, points }) =>
        points.length > 0 ? [sumLine(points, theme.background, 7), sumLine(points, inkOf(theme, side), 3)] : [],
      ),
      {
        type: 'line',
        name: 'price',
        silent: true,
        data: [
          [0, snapshot.price],
          [axisEnd(largestBin), snapshot.price],
        ],
        showSymbol: false,
        lineStyle: { color: theme.ink, width: 3 },
      },
      ...(cells.length === 0 ? [noteInPlot('no positions estimated at these prices', theme)] : []),
      clusterLabels(clusters, { now: snapshot.price, theme }),
    ],
  }
}

const ticksOf = (largest: number) => niceTicks(0, (largest || EMPTY_AXIS_USD) * 1.04, 4)
const axisEnd = (largest: number): number => (largest || EMPTY_AXIS_USD) * 1.04

function usdAxis(
  largest: number,
  name: string,
  { position, theme }: { position: 'top' | 'bottom'; theme: Theme },
): Record<string, unknown> {
  const { values } = ticksOf(largest)
  return {
    type: 'value',
    position,
    min: 0,
    max: axisEnd(largest),
    name,
    nameLocation: 'middle',
    nameGap: 44,
    nameTextStyle: textStyle(theme.muted, SIZE.small),
    axisLabel: {
      ...textStyle(theme.ink, SIZE.small),
      formatter: shortUsd,
      customValues: values,
      hideOverlap: true,
    },
    axisTick: { customValues: values, lineStyle: { color: theme.muted } },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
    splitLine: { show: false },
  }
}

function bars(cells: readonly Cell[], colourOf: (cell: Cell) => string): Record<string, unknown> {
  return {
    type: 'custom',
    name: 'USD by bin',
    silent: true,
    clip: true,
    data: cells.map(({ notional, lowPrice }) => [notional, lowPrice]),
    renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
      const cell = cells[dataIndex]!
      const [right, top] = coord([cell.notional, cell.highPrice]).map(Math.round) as [number, number]
      const [left, bottom] = coord([0, cell.lowPrice]).map(Math.round) as [number, number]
      const gap = bottom - top > 3 ? 1 : 0
      return {
        type: 'rect',
        shape: { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top - gap) },
        style: { fill: colourOf(cell) },
      }
    },
  }
}

/** USD met between the price and each bin's far edge, going away from the price as far as the picture reaches. */
function sumOutward(
  cells: readonly Cell[],
  side: 'buy' | 'sell',
  { range, snapshot }: { range: PriceRange; snapshot: LiquidationProfilePicture['snapshot'] },
): readonly (readonly [number, number])[] {
  const own = cells.filter((cell) => cell.side === side)
  if (own.length === 0) return []
  if (side === 'sell') own.reverse()
  const points: (readonly [number, number])[] = [[0, snapshot.price]]
  let sum = 0
  for (const { notional, lowPrice, highPrice } of own) {
    const [near, far] = side === 'sell' ? [highPrice, lowPrice] : [lowPrice, highPrice]
    points.push([sum, near])
    sum += notional
    points.push([sum, far])
  }
  return [...points, [sum, side === 'sell' ? range.low : range.high]]
}

const sumLine = (points: readonly (readonly [number, number])[], color: string, width: number) => ({
  type: 'line',
  xAxisIndex: 1,
  silent: true,
  data: points,
  showSymbol: false,
  lineStyle: { color, width, join: 'round' },
})

function legend(top: number, theme: Theme): Record<string, unknown>[] {
  const rows = [
    { side: 'buy', text: 'shorts, liquidated if price rises' },
    { side: 'sell', text: 'longs, liquidated if price falls' },
  ] as const
  return rows.flatMap(({ side, text }, i) => {
    const x = MARGIN + i * 470
    return [
      {
        type: 'rect',
        silent: true,
        shape: { x, y: top + 1, width: 34, height: 22 },
        style: { fill: rampOf(theme, side)[FAINTEST_BAR + 1] },
      },
      {
        type: 'text',
        silent: true,
        style: { ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' }), text, x: x + 46, y: top + 12 },
      },
    ]
  })
}
