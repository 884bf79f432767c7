import type { ReliabilityPicture } from '../domain/picture.ts'
import type { Coordinates } from './cluster-labels.ts'
import { heading, noteInPlot } from './heading.ts'
import { niceTicks, shortNumber } from './scales.ts'
import { curveLegend, LEGEND_ROW, type Stroke, strokesOf } from './strokes.ts'
import { printable } from './text.ts'
import { type ChartOptions, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

type Curve = ReliabilityPicture['curves'][number]
type Bin = Curve['bins'][number]

/** Diameter of the points of the bins with the least and with the most in them, px. */
const [SMALLEST, LARGEST] = [12, 28]
/** Intervals may widen the axes by this much and no more: one of few samples would leave no room for the others. */
const INTERVAL_ROOM = 1.5

/**
 * Reliability diagram: how often it came, by how probable it was said to be. On the diagonal both agree. Points grow with what
 * they rest on, bars are 90 % intervals, and below stands how many forecasts each point holds.
 */
export function reliabilityChart(picture: ReliabilityPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const curves = picture.curves.map(({ name, bins }, i) => ({
    name: printable(name),
    bins: bins.filter(({ count }) => count > 0).toSorted((a, b) => a.meanProbability - b.meanProbability),
    stroke: strokesOf(theme)[i % 3]!,
  }))
  const bins = curves.flatMap((curve) => curve.bins)
  const range = rangeOf(bins)
  const most = Math.max(1, ...bins.map(({ count }) => count))
  const top = bottom + 14 + LEGEND_ROW * (curves.length + 1)
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: curveLegend(bottom + 14, {
      rows: curves,
      last: 'said = came; larger points rest on more forecasts',
      theme,
    }),
    grid: [
      { left: 116, right: 48, top: top + 56, bottom: 262 },
      { left: 116, right: 48, height: 96, bottom: 92 },
    ],
    xAxis: [
      probabilityAxis(range, theme, { labels: false }),
      {
        ...probabilityAxis(range, theme, { labels: true }),
        gridIndex: 1,
        name: `said: forecast probability${range.whole ? '' : ` (both axes: ${percent(range.low)} to ${percent(range.high)} only)`}`,
        nameLocation: 'middle',
        nameGap: 46,
        nameTextStyle: textStyle(theme.muted, SIZE.small),
      },
    ],
    yAxis: [
      {
        ...probabilityAxis(range, theme, { labels: true }),
        name: 'came: how often it happened, with 90 % interval',
        nameGap: 22,
        nameTextStyle: { ...textStyle(theme.muted, SIZE.small), align: 'left', padding: [0, 0, 0, -86] },
      },
      countAxis(most, theme),
    ],
    series: [
      {
        type: 'line',
        name: 'said = came',
        silent: true,
        showSymbol: false,
        data: [
          [range.low, range.low],
          [range.high, range.high],
        ],
        lineStyle: { color: theme.muted, width: 2, type: [2, 6] },
      },
      // The model is drawn last, over what it has to beat.
      ...curves
        .toReversed()
        .flatMap(({ name, bins, stroke }) => [
          intervals(bins, stroke),
          points({ name, bins }, { stroke, most, theme }),
        ]),
      ...curves.map(({ bins, stroke }, i) =>
        counts(bins, { stroke, shift: (i - (curves.length - 1) / 2) * 12, theme }),
      ),
      ...(bins.length === 0 ? [noteInPlot('no forecasts have come due yet', theme)] : []),
    ],
  }
}

interface Range {
  readonly low: number
  readonly high: number
  readonly whole: boolean
  readonly ticks: readonly number[]
}

/** From and to which probability both axes run. */
function rangeOf(bins: readonly Bin[]): Range {
  const middles = bins.flatMap(({ meanProbability, rate }) => [meanProbability, rate])
  const [least, most] = middles.length > 0 ? [Math.min(...middles), Math.max(...middles)] : [0, 1]
  const highest = Math.max(most, Math.min(most * INTERVAL_ROOM, ...[Math.max(0, ...bins.map(({ high }) => high))]))
  const from = least > 0.5 * most ? Math.max(0, Math.min(...bins.map(({ low }) => low), least)) : 0
  const { step } = niceTicks(from, Math.max(highest * 1.03, from + 0.01), 5)
  const low = Math.floor(from / step + 1e-9) * step
  const high = Math.min(1, Math.ceil((highest * 1.03) / step - 1e-9) * step || 1)
  return { low, high, whole: low === 0 && high === 1, ticks: niceTicks(low, high, 5).values }
}

const percent = (value: number): string => `${Number((value * 100).toPrecision(3))} %`

const probabilityAxis = ({ low, high, ticks }: Range, theme: Theme, { labels }: { labels: boolean }) => ({
  type: 'value',
  min: low,
  max: high,
  axisLabel: {
    ...textStyle(theme.ink, SIZE.text),
    show: labels,
    formatter: percent,
    customValues: ticks,
    margin: 10,
  },
  axisTick: { show: false, customValues: ticks },
  axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
  splitLine: { lineStyle: { color: theme.faint } },
})

function countAxis(most: number, theme: Theme): Record<string, unknown> {
  const values = niceTicks(0, most, 2).values.filter(Number.isInteger)
  return {
    type: 'value',
    gridIndex: 1,
    min: 0,
    max: most,
    name: 'forecasts in each point',
    nameGap: 14,
    nameTextStyle: { ...textStyle(theme.muted, SIZE.small), align: 'left', padding: [0, 0, 0, -86] },
    axisLabel: { ...textStyle(theme.ink, SIZE.small), formatter: shortNumber, customValues: values, margin: 10 },
    axisTick: { show: false, customValues: values },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
    splitLine: { lineStyle: { color: theme.faint } },
  }
}

/** A point's area goes with the number of forecasts in it. */
const points = (
  { name, bins }: Curve,
  { stroke, most, theme }: { stroke: Stroke; most: number; theme: Theme },
): Record<string, unknown> => ({
  type: 'line',
  name,
  silent: true,
  data: bins.map(({ meanProbability, rate, count }) => ({
    value: [meanProbability, rate],
    symbolSize: Math.max(SMALLEST, LARGEST * Math.sqrt(count / most)),
  })),
  symbol: stroke.symbol,
  showSymbol: true,
  lineStyle: { color: stroke.colour, width: 3, type: stroke.line },
  itemStyle: stroke.hollow
    ? { color: theme.background, borderColor: stroke.colour, borderWidth: 3 }
    : { color: stroke.colour, borderColor: theme.background, borderWidth: 2 },
  z: 4,
})

function intervals(bins: readonly Bin[], { colour, hollow }: Stroke): Record<string, unknown> {
  const cap = hollow ? 7 : 11
  return {
    type: 'custom',
    name: 'interval',
    silent: true,
    clip: true,
    data: bins.map(({ meanProbability, rate }) => [meanProbability, rate]),
    renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
      const { meanProbability, low, high } = bins[dataIndex]!
      const [x, top] = coord([meanProbability, high])
      const [, bottom] = coord([meanProbability, low])
      const pathData = `M${x - cap} ${top}H${x + cap}M${x} ${top}V${bottom}M${x - cap} ${bottom}H${x + cap}`
      return { type: 'path', shape: { pathData }, style: { stroke: colour, lineWidth: 2, fill: 'none' } }
    },
    z: 3,
  }
}

/** A stem a bin, those of several curves beside each other. */
function counts(
  bins: readonly Bin[],
  { stroke, shift, theme }: { stroke: Stroke; shift: number; theme: Theme },
): Record<string, unknown> {
  return {
    type: 'custom',
    name: 'count',
    xAxisIndex: 1,
    yAxisIndex: 1,
    silent: true,
    data: bins.map(({ meanProbability, count }) => [meanProbability, count]),
    renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
      const { meanProbability, count } = bins[dataIndex]!
      const [x, top] = coord([meanProbability, count])
      const [, bottom] = coord([meanProbability, 0])
      const height = Math.max(2, bottom - top)
      return {
        type: 'rect',
        shape: { x: x + shift - 5, y: bottom - height, width: 10, height },
        style: { fill: stroke.hollow ? theme.background : stroke.colour, stroke: stroke.colour, lineWidth: 2 },
      }
    },
  }
}
