import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import type { LiquidationMapPicture } from '../domain/picture.ts'
import { type Coordinates, clusterLabels, LABEL_COLUMN } from './cluster-labels.ts'
import { heading, noteInPlot } from './heading.ts'
import { type CellRun, type ColourScale, cellRuns, colourScale, columnsOf, visibleRange } from './heat-cells.ts'
import { priceAxis } from './price-axis.ts'
import { formatTick, shortUsd, timeTicks } from './scales.ts'
import { type ChartOptions, drawnText, LEVELS, MARGIN, rampOf, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

const LEGEND_HEIGHT = 92
const SWATCH = { width: 30, height: 22 } as const

/**
 * Heat map of time and price: what waits to be liquidated in each bin of 0.25 %, longs and shorts in two colour scales, under
 * the path that price took, with the clusters that stand now named at the right.
 *
 * @throws {RangeError} when there is no snapshot
 */
export function liquidationMapChart(picture: LiquidationMapPicture, { dark }: { dark: boolean }): ChartOptions {
  const { snapshots, clusters } = picture
  const now = snapshots.at(-1)
  if (!now) throw new RangeError('Expected at least one snapshot, was none: take one before drawing the map')
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const range = visibleRange(snapshots, clusters)
  const scale = colourScale(snapshots, range)
  const runs = cellRuns(snapshots, range, scale)
  const { axis, room } = priceAxis(range, theme)
  const columns = columnsOf(snapshots)
  const [from, to] = [columns[0]!.from, columns.at(-1)!.to]
  const time = timeAxis(from, to, theme)
  const path = [...snapshots.map(({ at, price }) => [at, price]), [to, now.price]]
  const line = (colour: string, width: number) => ({
    type: 'line',
    silent: true,
    data: path,
    showSymbol: false,
    lineStyle: { color: colour, width, join: 'round' },
  })
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    ...(runs.length === 0 ? {} : { graphic: legend(bottom + 14, { scale, theme, binWidth: now.binWidth }) }),
    grid: { left: MARGIN + room, right: LABEL_COLUMN, top: bottom + 14 + LEGEND_HEIGHT + 16, bottom: time.room },
    xAxis: time.axis,
    yAxis: axis,
    series: [
      heat(runs, theme),
      priceRange(snapshots, theme),
      line(theme.background, 7),
      line(theme.ink, 3),
      ...(runs.length === 0 ? [noteInPlot('no positions estimated at these prices', theme)] : []),
      clusterLabels(clusters, { now: now.price, theme }),
    ],
  }
}

/** The axis, and the room it takes below the plot, px. */
function timeAxis(from: number, to: number, theme: Theme): { axis: Record<string, unknown>; room: number } {
  const { values, step } = timeTicks(from, to, 6)
  const twoLines = formatTick(from, step).includes('\n')
  return {
    room: twoLines ? 118 : 92,
    axis: {
      type: 'value',
      min: from,
      max: to,
      name: 'time (UTC); line: price, grey: its range',
      nameLocation: 'middle',
      nameGap: twoLines ? 70 : 44,
      nameTextStyle: textStyle(theme.muted, SIZE.small),
      axisLabel: {
        ...textStyle(theme.ink, SIZE.small),
        lineHeight: 25,
        customValues: values,
        formatter: (at: number) => formatTick(at, step),
        hideOverlap: true,
      },
      axisTick: { customValues: values, lineStyle: { color: theme.muted } },
      axisLine: { onZero: false, lineStyle: { color: theme.muted } },
      splitLine: { show: false },
    },
  }
}

/** One shape a colour: thousands of cells stay a small document, and whole pixels leave no seams between them. */
function heat(runs: readonly CellRun[], theme: Theme): Record<string, unknown> {
  const colours = (['sell', 'buy'] as const).flatMap((side) =>
    Array.from({ length: LEVELS }, (_, i) => ({
      fill: rampOf(theme, side)[i]!,
      cells: runs.filter((run) => run.side === side && run.level === i + 1),
    })).filter(({ cells }) => cells.length > 0),
  )
  return {
    type: 'custom',
    name: 'USD by bin',
    silent: true,
    clip: true,
    data: colours.map((_, i) => [i, 0]),
    renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
      const { fill, cells } = colours[dataIndex]!
      const pathData = cells
        .map(({ from, to, lowPrice, highPrice }) => {
          const [left, top] = coord([from, highPrice]).map(Math.round) as [number, number]
          const [right, bottom] = coord([to, lowPrice]).map(Math.round) as [number, number]
          return `M${left} ${top}H${right}V${bottom}H${left}Z`
        })
        .join('')
      return { type: 'path', shape: { pathData }, style: { fill } }
    },
  }
}

/** How far price went between each snapshot and the one before. */
function priceRange(snapshots: readonly MapSnapshot[], theme: Theme): Record<string, unknown> {
  const bars = snapshots.slice(1).map(({ at, lowPrice, highPrice }, i) => ({
    from: snapshots[i]!.at as number,
    to: at as number,
    low: lowPrice,
    high: highPrice,
  }))
  return {
    type: 'custom',
    name: 'range of the price',
    silent: true,
    clip: true,
    data: bars.map(({ from, low }) => [from, low]),
    renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
      const { from, to, low, high } = bars[dataIndex]!
      const [left, top] = coord([from, high]).map(Math.round) as [number, number]
      const [right, bottom] = coord([to, low]).map(Math.round) as [number, number]
      return {
        type: 'rect',
        shape: { x: left, y: top, width: right - left, height: Math.max(1, bottom - top) },
        style: { fill: theme.ink, opacity: 0.3 },
      }
    },
  }
}

function legend(
  top: number,
  { scale, theme, binWidth }: { scale: ColourScale; theme: Theme; binWidth: number },
): Record<string, unknown>[] {
  const rows = [
    { side: 'buy', text: 'shorts, liquidated if price rises' },
    { side: 'sell', text: 'longs, liquidated if price falls' },
  ] as const
  const end = MARGIN + LEVELS * SWATCH.width
  const text = (text: string, x: number, y: number, style: Record<string, unknown>) => ({
    type: 'text',
    silent: true,
    style: { text, x, y, ...style },
  })
  const ticks = [3, 6, LEVELS].map((edge) => ({
    x: MARGIN + edge * SWATCH.width,
    text: `${shortUsd(scale.edges[edge - 1]!)}${edge === LEVELS ? '+' : ''}`,
  }))
  return [
    ...rows.flatMap(({ side, text: words }, row) => {
      const y = top + row * (SWATCH.height + 5)
      return [
        ...rampOf(theme, side).map((fill, i) => ({
          type: 'rect',
          silent: true,
          shape: { x: MARGIN + i * SWATCH.width, y, width: SWATCH.width, height: SWATCH.height },
          style: { fill },
        })),
        text(words, end + 16, y + SWATCH.height / 2, drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' })),
      ]
    }),
    ...[{ x: MARGIN, text: '$0' }, ...ticks].map(({ x, text: words }, i) =>
      text(words, x, top + 60, drawnText(theme.muted, SIZE.note, { align: i === 0 ? 'left' : 'center' })),
    ),
    text(
      `per ${Number((binWidth * 100).toPrecision(2))} % of price`,
      end + 62,
      top + 60,
      drawnText(theme.muted, SIZE.note),
    ),
  ]
}
