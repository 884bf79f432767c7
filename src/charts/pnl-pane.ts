import type { PnlPoint } from '../domain/picture.ts'
import { formatTick, niceTicks, shortUsd, timeTicks } from './scales.ts'
import { textWidth } from './text.ts'
import { drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme, textStyle } from './theme.ts'

export interface PnlPane {
  readonly grid: Record<string, unknown>
  readonly xAxis: Record<string, unknown>
  readonly yAxis: Record<string, unknown>
  readonly series: readonly Record<string, unknown>[]
  /** Names of both lines, each with a sample of it. */
  readonly legend: readonly Record<string, unknown>[]
}

/** At most this many USD are written as they are: beyond, an axis would be wider than its plot. */
const MOST = 1e18
const NAME_ROW = 34

export const signedUsd = (value: number): string => `${value < 0 ? '−' : ''}${shortUsd(Math.abs(value))}`

export const clampUsd = (value: number): number => Math.max(-MOST, Math.min(MOST, value))

/** Room that the labels of a vertical axis take, px. */
export const roomOf = (labels: readonly string[]): number =>
  MARGIN + 12 + Math.max(...labels.map((label) => textWidth(label, { size: SIZE.text })))

/**
 * What a book made with its hedge (solid) and without it (dashed), between `top` and `bottom` px of the picture; `left` where
 * panes below one another have to begin at one place.
 */
export function pnlPane(
  points: readonly PnlPoint[],
  {
    top,
    bottom,
    left,
    timeLabels = true,
    index,
    theme,
  }: { top: number; bottom: number; left?: number; timeLabels?: boolean; index: number; theme: Theme },
): PnlPane {
  const values = points.flatMap(({ unhedged, hedged }) => [clampUsd(unhedged), clampUsd(hedged)])
  const { low, high, ticks } = axisOf(values)
  const line = (name: 'with the hedge' | 'without it') => ({
    type: 'line',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    silent: true,
    showSymbol: false,
    data: points.map(({ at, unhedged, hedged }) => [at, clampUsd(name === 'without it' ? unhedged : hedged)]),
    ...strokeOf(name, theme),
    z: name === 'without it' ? 3 : 4,
  })
  return {
    grid: {
      left: left ?? roomOf(ticks.map(signedUsd)),
      right: 40,
      top: top + NAME_ROW + 18,
      height: bottom - top - NAME_ROW - 18,
    },
    xAxis: timeAxis(points, { index, theme, labels: timeLabels }),
    yAxis: {
      type: 'value',
      gridIndex: index,
      min: low,
      max: high,
      axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter: signedUsd, customValues: ticks, margin: 10 },
      axisTick: { show: false, customValues: ticks },
      axisLine: { show: false },
      splitLine: { lineStyle: { color: theme.faint } },
    },
    series: [line('without it'), line('with the hedge')],
    legend: legendRow(top, theme),
  }
}

/** Instants along the bottom, in UTC; the first and the last label stay within the picture. */
export function timeAxis(
  points: readonly { readonly at: number }[],
  { index, theme, labels }: { index: number; theme: Theme; labels: boolean },
): Record<string, unknown> {
  const [from, to] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0]
  const [min, max] = to > from ? [from, to] : [from, from + 3_600_000]
  const { values, step } = timeTicks(min, max, 6)
  // A label is about as wide as a tenth of the plot, and half of it would stand outside.
  const inner = values.filter((value) => value - min >= 0.03 * (max - min) && max - value >= 0.03 * (max - min))
  return {
    type: 'value',
    gridIndex: index,
    min,
    max,
    axisLabel: {
      ...textStyle(theme.ink, SIZE.text),
      show: labels,
      formatter: (value: number) => formatTick(value, step),
      customValues: inner,
      margin: 12,
      lineHeight: 28,
    },
    axisTick: { show: false, customValues: inner },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
    splitLine: { show: false },
  }
}

/** Both ends of the axis and what is written on it, on round numbers; 0 is always among them. */
function axisOf(values: readonly number[]): { low: number; high: number; ticks: readonly number[] } {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)]
  if (most - least < 1e-9) return { low: -1, high: 1, ticks: [-1, 0, 1] }
  const { step } = niceTicks(least, most, 4)
  const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)]
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks }
}

const strokeOf = (name: 'with the hedge' | 'without it', theme: Theme) =>
  name === 'with the hedge'
    ? { lineStyle: { color: theme.hedge, width: 4 }, itemStyle: { color: theme.hedge } }
    : { lineStyle: { color: theme.fill, width: 3, type: [10, 7] }, itemStyle: { color: theme.fill } }

function legendRow(top: number, theme: Theme): Record<string, unknown>[] {
  const y = top + NAME_ROW / 2
  const text = (words: string, x: number) => ({
    type: 'text',
    silent: true,
    style: { ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' }), text: words, x, y },
  })
  const sample = (x: number, style: Record<string, unknown>) => ({
    type: 'line',
    silent: true,
    shape: { x1: x, y1: y, x2: x + 56, y2: y },
    style,
  })
  const names = ['P&L since the left edge:', 'with the hedge', 'without it'] as const
  const widths = names.map((name) => textWidth(name, { size: SIZE.small }))
  const first = MARGIN + widths[0]! + 24
  const second = first + 68 + widths[1]! + 36
  if (second + 68 + widths[2]! > PICTURE_WIDTH) throw new RangeError('Expected a legend that fits, was one too wide')
  return [
    text(names[0], MARGIN),
    sample(first, { stroke: theme.hedge, lineWidth: 4 }),
    text(names[1], first + 68),
    sample(second, { stroke: theme.fill, lineWidth: 3, lineDash: [10, 7] }),
    text(names[2], second + 68),
  ]
}
