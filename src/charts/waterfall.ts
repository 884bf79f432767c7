import type { WaterfallPicture } from '../domain/picture.ts'
import type { Coordinates } from './cluster-labels.ts'
import { heading } from './heading.ts'
import { niceTicks, shortNumber } from './scales.ts'
import { fitText, printable, wrapText } from './text.ts'
import { type ChartOptions, drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

/** Bars of their own; what is smaller stands in one bar together. */
const MOST_BARS = 10
const NAMES_WIDTH = 430
const NAME_LINE = 25
const LEFT = MARGIN + NAMES_WIDTH + 20
const RIGHT = 30
const BOTTOM = 96
const TALLEST_ROW = 84
const BAR_SHARE = 0.56
/** Room for the number at the tip of the outermost bar, as a share of what bars span. */
const TIP_ROOM = 0.26

interface Row {
  readonly name: string
  /** Where the bar begins and ends; both ends of the whole way have only a mark. */
  readonly from: number
  readonly to: number
  readonly text: string
  readonly kind: 'end' | 'bar'
}

/**
 * What a score is made of: at the top the score of an average hour, then what each feature adds to it, the largest first, and at the
 * bottom the score. Of an event both ends have their probability beside them.
 */
export function waterfallChart(picture: WaterfallPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const rows = rowsOf(picture)
  const top = bottom + 14
  const height = Math.min(1000 - BOTTOM - top, rows.length * TALLEST_ROW)
  const { low, high, ticks } = rangeOf(rows)
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    grid: { left: LEFT, right: RIGHT, top, height },
    xAxis: {
      type: 'value',
      min: low,
      max: high,
      name: fitText(printable(picture.unit), { width: PICTURE_WIDTH - LEFT - RIGHT, size: SIZE.small }),
      nameLocation: 'middle',
      nameGap: 46,
      nameTextStyle: textStyle(theme.muted, SIZE.small),
      axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter: tickText, customValues: ticks, margin: 10 },
      axisTick: { show: false, customValues: ticks },
      axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
      splitLine: { lineStyle: { color: theme.faint } },
    },
    yAxis: { type: 'value', min: 0, max: rows.length, inverse: true, show: false },
    series: [
      {
        type: 'custom',
        silent: true,
        clip: false,
        data: rows.map(({ to }, i) => [to, i]),
        renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) =>
          drawRow(rows, dataIndex, { coord, middle: (low + high) / 2, theme }),
      },
    ],
  }
}

function rowsOf({ base, score, probabilities, bars }: WaterfallPicture): readonly Row[] {
  const end = (name: string, at: number, probability: number | undefined): Row => ({
    name,
    from: at,
    to: at,
    text: probability === undefined ? amount(at) : `${chance(probability)}  (${amount(at)})`,
    kind: 'end',
  })
  const single = bars.filter(({ features = 1 }) => features === 1)
  // One bar more takes no more room than one that says "1 others".
  const own = bars.length === single.length && bars.length === MOST_BARS + 1 ? bars : single.slice(0, MOST_BARS)
  const others = bars.filter((one) => !own.includes(one))
  const shown = [
    ...(bars.length > 0 ? own : [{ name: 'nothing stands out', contribution: 0 }]),
    ...(others.length > 0
      ? [
          {
            name: `${others.reduce((sum, { features = 1 }) => sum + features, 0)} others`,
            contribution: others.reduce((sum, { contribution }) => sum + contribution, 0),
          },
        ]
      : []),
  ]
  let at = base
  const rows = shown.map(({ name, contribution }): Row => {
    const from = at
    at += contribution
    return { name, from, to: at, text: `${contribution < 0 ? '' : '+'}${amount(contribution)}`, kind: 'bar' }
  })
  return [end('an average hour', base, probabilities?.base), ...rows, end('this hour', score, probabilities?.score)]
}

function rangeOf(rows: readonly Row[]): { low: number; high: number; ticks: readonly number[] } {
  const ends = rows.flatMap(({ from, to }) => [from, to])
  const [least, most] = [Math.min(...ends), Math.max(...ends)]
  const room = most - least > 1e-9 * Math.max(Math.abs(least), Math.abs(most)) ? TIP_ROOM * (most - least) : 1
  const [low, high] = [least - room, most + room]
  return { low, high, ticks: niceTicks(low, high, 4).values }
}

interface Place {
  readonly coord: Coordinates['coord']
  /** Of the axis: numbers of both ends stand where there is more room. */
  readonly middle: number
  readonly theme: Theme
}

function drawRow(rows: readonly Row[], i: number, place: Place): Record<string, unknown> {
  const { coord, theme } = place
  const row = rows[i]!
  const [[fromX, top], [toX, bottom]] = [coord([row.from, i]), coord([row.to, i + 1])]
  const [middle, half] = [(top + bottom) / 2, (BAR_SHARE * (bottom - top)) / 2]
  const next = rows[i + 1]
  return {
    type: 'group',
    children: [
      ...nameOf(row, middle, theme),
      ...(next
        ? [
            {
              type: 'line',
              shape: { x1: toX, y1: middle, x2: toX, y2: middle + (bottom - top) },
              style: { stroke: theme.baseline, lineWidth: 2, lineDash: [3, 5] },
            },
          ]
        : []),
      row.kind === 'end' ? mark(toX, middle, half, theme) : bar(row, [fromX, toX], [middle, half], theme),
      number(row, [fromX, toX], middle, place),
    ],
  }
}

function nameOf({ name, kind }: Row, middle: number, theme: Theme): Record<string, unknown>[] {
  const bold = kind === 'end'
  const lines = wrapText(name, { width: NAMES_WIDTH, lines: 2, size: SIZE.small, bold })
  return lines.map((text, k) => ({
    type: 'text',
    style: {
      ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle', ...(bold && { fontWeight: 'bold' }) }),
      text,
      x: MARGIN,
      y: middle + (k - (lines.length - 1) / 2) * NAME_LINE,
    },
  }))
}

const mark = (x: number, middle: number, half: number, theme: Theme) => ({
  type: 'polygon',
  shape: {
    points: [
      [x, middle - half],
      [x + half, middle],
      [x, middle + half],
      [x - half, middle],
    ],
  },
  style: { fill: theme.ink },
})

function bar(
  { from, to }: Row,
  [fromX, toX]: readonly [number, number],
  [middle, half]: readonly [number, number],
  theme: Theme,
) {
  return {
    type: 'rect',
    // A bar of nothing is still there to be seen.
    shape: { x: Math.min(fromX, toX), y: middle - half, width: Math.max(2, Math.abs(toX - fromX)), height: 2 * half },
    style: { fill: to < from ? theme.price : theme.fill },
  }
}

/** At the tip of a bar; beside the mark of an end, on the side with more room. */
function number(
  { from, to, text, kind }: Row,
  [fromX, toX]: readonly [number, number],
  middle: number,
  { theme, middle: centre }: Place,
) {
  const right = kind === 'end' ? to < centre : to >= from
  const tip = right ? Math.max(fromX, toX) : Math.min(fromX, toX)
  const gap = kind === 'end' ? 28 : 8
  return {
    type: 'text',
    style: {
      ...drawnText(theme.ink, SIZE.small, {
        align: right ? 'left' : 'right',
        verticalAlign: 'middle',
        ...(kind === 'end' && { fontWeight: 'bold' }),
      }),
      text,
      x: right ? tip + gap : tip - gap,
      y: middle,
    },
  }
}

/** Two decimals, two figures where that is less than a tenth, and a unit where it is large. */
function amount(value: number): string {
  const size = Math.abs(value)
  const text =
    size >= 1000
      ? shortNumber(Number(size.toPrecision(3)))
      : size >= 0.095 || size === 0
        ? size.toFixed(2)
        : Number(size.toPrecision(2)).toString()
  return `${value < 0 ? '−' : ''}${text}`
}

const tickText = (value: number): string =>
  `${value < 0 ? '−' : ''}${Math.abs(value) >= 1000 ? shortNumber(Number(Math.abs(value).toPrecision(3))) : Number(Math.abs(value).toPrecision(3))}`

const chance = (value: number): string =>
  value < 0.0005 ? '<0.1 %' : value > 0.9995 && value < 1 ? '>99.9 %' : `${(100 * value).toFixed(1)} %`
