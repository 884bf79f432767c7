import type { ModelHealthPicture } from '../domain/picture.ts'
import type { Coordinates } from './cluster-labels.ts'
import { heading, noteInPlot } from './heading.ts'
import { roomOf, timeAxis } from './pnl-pane.ts'
import { niceTicks } from './scales.ts'
import { fitText, printable, textWidth } from './text.ts'
import { type ChartOptions, drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

/** A single day of rare events says nothing: each point is the mean of so many. */
const SMOOTHED_DAYS = 7
const WEEK_MS = 7 * 86_400_000
const LINE = 32
const BAR_ROW = 34
/** Bars end here, in limits; the number beside them does not. */
const LONGEST_BAR = 1.5
const BOTTOM = 92
const RELIABILITY_HEIGHT = 200
/** Loss and rates are drawn up to here: beyond, nothing could be read off the axis. */
const MOST = 100

/** How a model in use does: its losses beside those of volatility alone, what moved most, and whether what it said came. */
export function modelHealthChart(picture: ModelHealthPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const reliabilityTop = 1000 - BOTTOM - RELIABILITY_HEIGHT
  const movedTop = reliabilityTop - 2 * LINE - 16 - (picture.moved.length || 1) * BAR_ROW - LINE - 8
  const losses = lossPane(picture, { top: bottom + 12, bottom: movedTop - 52, theme })
  const reliability = reliabilityPane(picture, { top: reliabilityTop, theme })
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: [...losses.graphic, ...bars(picture, { top: movedTop, theme }), ...reliability.graphic],
    grid: [losses.grid, reliability.grid],
    xAxis: [losses.xAxis, reliability.xAxis],
    yAxis: [losses.yAxis, reliability.yAxis],
    series: [...losses.series, ...reliability.series],
  }
}

interface Pane {
  readonly graphic: readonly Record<string, unknown>[]
  readonly grid: Record<string, unknown>
  readonly xAxis: Record<string, unknown>
  readonly yAxis: Record<string, unknown>
  readonly series: readonly Record<string, unknown>[]
}

// ---------------------------------------------------------------- losses

function lossPane(
  { days }: ModelHealthPicture,
  { top, bottom, theme }: { top: number; bottom: number; theme: Theme },
): Pane {
  const model = smoothed(days.map(({ at, logLoss }) => [at, logLoss]))
  const baseline = smoothed(
    days.flatMap(({ at, baselineLogLoss }) => (baselineLogLoss === undefined ? [] : [[at, baselineLogLoss]])),
  )
  const most = Math.max(days.length > 0 ? 1e-3 : 0.1, ...[...model, ...baseline].map(([, loss]) => loss))
  const { values: ticks, step } = niceTicks(0, most, 3)
  const label = (value: number): string => String(Number(value.toPrecision(3)))
  const end = Math.ceil(most / (step || 1)) * (step || 1)
  const line = (data: readonly Point[], style: Record<string, unknown>, z: number) => ({
    type: 'line',
    silent: true,
    showSymbol: data.length < 3,
    symbolSize: 9,
    data,
    lineStyle: style,
    itemStyle: { color: style.color },
    z,
  })
  const [own, other] = strokes(theme)
  // At least a week, so that ticks are days.
  const span = days.slice(0, 1).flatMap(({ at }) => [{ at }, { at: Math.max(days.at(-1)!.at, at + WEEK_MS) }])
  return {
    graphic: legend(top, `mean daily log loss over ${SMOOTHED_DAYS} days (less is better):`, theme),
    grid: { left: roomOf(ticks.map(label)), right: 40, top: top + LINE + 16, height: bottom - top - LINE - 16 },
    xAxis: timeAxis(span, { index: 0, theme, labels: days.length > 0 }),
    yAxis: {
      type: 'value',
      gridIndex: 0,
      min: 0,
      max: end,
      axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter: label, customValues: ticks, margin: 10 },
      axisTick: { show: false, customValues: ticks },
      axisLine: { show: false },
      splitLine: { lineStyle: { color: theme.faint } },
    },
    series: [
      line(baseline, other, 3),
      line(model, own, 4),
      ...(days.length === 0 ? [noteInPlot('no forecasts have come due yet', theme)] : []),
    ],
  }
}

type Point = readonly [number, number]

/** Trailing means. */
const smoothed = (points: readonly (readonly number[])[]): Point[] =>
  points.map(([at], i) => {
    const members = points.slice(Math.max(0, i - SMOOTHED_DAYS + 1), i + 1)
    return [at!, Math.min(MOST, members.reduce((sum, [, loss]) => sum + loss!, 0) / members.length)]
  })

const strokes = (theme: Theme) =>
  [
    { color: theme.price, width: 4, type: 'solid' },
    { color: theme.fill, width: 3, type: [10, 7] },
  ] as const

const words = (text: string, { x, y, width, theme }: { x: number; y: number; width: number; theme: Theme }) => ({
  type: 'text',
  silent: true,
  style: {
    ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' }),
    text: fitText(printable(text), { width, size: SIZE.small }),
    x,
    y,
  },
})

/** What a pane shows, then a sample of each line. */
function legend(top: number, text: string, theme: Theme): Record<string, unknown>[] {
  const y = top + LINE / 2
  const sample = (x: number, { color, width, type }: ReturnType<typeof strokes>[number]) => ({
    type: 'line',
    silent: true,
    shape: { x1: x, y1: y, x2: x + 48, y2: y },
    style: { stroke: color, lineWidth: width, lineDash: type === 'solid' ? undefined : type },
  })
  const [own, other] = strokes(theme)
  const widthOf = (one: string): number => textWidth(one, { size: SIZE.small })
  const second = PICTURE_WIDTH - MARGIN - widthOf(NAMES[1]) - 60
  const first = second - widthOf(NAMES[0]) - 84
  return [
    words(text, { x: MARGIN, y, width: first - MARGIN - 16, theme }),
    sample(first, own),
    words(NAMES[0], { x: first + 60, y, width: 400, theme }),
    sample(second, other),
    words(NAMES[1], { x: second + 60, y, width: 400, theme }),
  ]
}

const NAMES = ['this model', 'volatility alone'] as const

// ---------------------------------------------------------------- what moved

/** A bar each, against its own limit. */
function bars({ moved }: ModelHealthPicture, { top, theme }: { top: number; theme: Theme }): Record<string, unknown>[] {
  const [left, right] = [470, PICTURE_WIDTH - 190]
  const unit = (right - left) / LONGEST_BAR
  const head = words('stability index over 30 days: most moved, each against its limit (dotted)', {
    x: MARGIN,
    y: top + LINE / 2,
    width: PICTURE_WIDTH - 2 * MARGIN,
    theme,
  })
  if (moved.length === 0)
    return [head, words('too few rows to say', { x: MARGIN, y: top + LINE + 8 + BAR_ROW / 2, width: 600, theme })]
  const limitX = left + unit
  return [
    head,
    ...moved.flatMap(({ name, psi, limit, level }, i) => {
      const y = top + LINE + 8 + i * BAR_ROW
      const colour = level === 'act' ? theme.alert : level === 'warn' ? theme.fill : theme.price
      const width = Math.max(2, unit * Math.min(LONGEST_BAR, limit > 0 ? psi / limit : 0))
      return [
        words(name, { x: MARGIN, y: y + BAR_ROW / 2, width: left - MARGIN - 16, theme }),
        {
          type: 'rect',
          silent: true,
          shape: { x: left, y: y + 7, width, height: BAR_ROW - 14 },
          style: { fill: colour },
        },
        words(`${psi.toFixed(2)} of ${limit.toFixed(2)}`, { x: right + 14, y: y + BAR_ROW / 2, width: 166, theme }),
      ]
    }),
    {
      type: 'line',
      silent: true,
      shape: { x1: limitX, y1: top + LINE + 4, x2: limitX, y2: top + LINE + 12 + moved.length * BAR_ROW },
      style: { stroke: theme.ink, lineWidth: 2, lineDash: [4, 4] },
    },
  ]
}

// ---------------------------------------------------------------- reliability

function reliabilityPane(picture: ModelHealthPicture, { top, theme }: { top: number; theme: Theme }): Pane {
  const curves = picture.reliability.slice(0, 2)
  const bins = curves.flatMap((curve) => curve.bins)
  const most = Math.min(
    1,
    Math.max(
      0.01,
      ...bins.flatMap(({ meanProbability, rate, high }) => [meanProbability, rate, Math.min(high, 2 * rate + 0.01)]),
    ),
  )
  const { values: ticks, step } = niceTicks(0, most, 4)
  const end = Math.min(1, Math.ceil(most / step - 1e-9) * step)
  const percent = (value: number): string => `${Number((value * 100).toPrecision(3))} %`
  const axis = (name: string) => ({
    type: 'value',
    gridIndex: 1,
    min: 0,
    max: end,
    axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter: percent, customValues: ticks, margin: 10 },
    axisTick: { show: false, customValues: ticks },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
    splitLine: { lineStyle: { color: theme.faint } },
    name,
    nameLocation: 'middle',
    nameTextStyle: textStyle(theme.muted, SIZE.small),
  })
  const place = { xAxisIndex: 1, yAxisIndex: 1, silent: true }
  const series = curves.flatMap(({ bins: own }, i) => {
    const { color, width, type } = strokes(theme)[i]!
    const sorted = own.toSorted((a, b) => a.meanProbability - b.meanProbability)
    const within = (value: number): number => Math.min(end, value)
    return [
      {
        ...place,
        type: 'custom',
        clip: true,
        data: sorted.map(({ meanProbability, rate }) => [meanProbability, rate]),
        renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
          const { meanProbability, low, high } = sorted[dataIndex]!
          const [x, upper] = coord([meanProbability, within(high)])
          const [, lower] = coord([meanProbability, low])
          const cap = i === 0 ? 10 : 6
          const pathData = `M${x - cap} ${upper}H${x + cap}M${x} ${upper}V${lower}M${x - cap} ${lower}H${x + cap}`
          return { type: 'path', shape: { pathData }, style: { stroke: color, lineWidth: 2, fill: 'none' } }
        },
        z: 3,
      },
      {
        ...place,
        type: 'line',
        showSymbol: true,
        symbol: i === 0 ? 'circle' : 'diamond',
        symbolSize: 14,
        data: sorted.map(({ meanProbability, rate }) => [within(meanProbability), within(rate)]),
        lineStyle: { color, width, type },
        itemStyle: { color },
        z: 5 - i,
      },
    ]
  })
  return {
    graphic: [
      words('said against came, a day ahead, 90 days, 90 % intervals (dotted: they agree)', {
        x: MARGIN,
        y: top - LINE,
        width: PICTURE_WIDTH - 2 * MARGIN,
        theme,
      }),
    ],
    grid: { left: roomOf(ticks.map(percent)), right: 40, top, height: RELIABILITY_HEIGHT },
    xAxis: { ...axis('said: forecast probability'), nameGap: 44 },
    yAxis: { ...axis(''), nameGap: 0 },
    series: [
      {
        ...place,
        type: 'line',
        showSymbol: false,
        data: [
          [0, 0],
          [end, end],
        ],
        lineStyle: { color: theme.muted, width: 2, type: [2, 6] },
        z: 1,
      },
      ...series,
      ...(bins.length === 0 ? [{ ...noteInPlot('too few forecasts have come due', theme), ...place }] : []),
    ],
  }
}
