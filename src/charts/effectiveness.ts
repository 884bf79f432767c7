import type { EffectivenessPicture } from '../domain/picture.ts'
import { heading, noteInPlot } from './heading.ts'
import { pnlPane, roomOf, timeAxis } from './pnl-pane.ts'
import { niceTicks } from './scales.ts'
import { fitText, printable } from './text.ts'
import { type ChartOptions, drawnText, MARGIN, PICTURE_WIDTH, SIZE, type Theme, textStyle, themeOf } from './theme.ts'

/** Between these the share is drawn; an interval that reaches further is cut off there. */
const [LOWEST, HIGHEST] = [-1, 2]
const LOWER_PANE = 300
const BOTTOM = 86

interface Coordinates {
  coord(point: readonly [number, number]): [number, number]
}

/** What the book made with and without its hedge, over the rolling share of losses avoided with its interval. */
export function effectivenessChart(picture: EffectivenessPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const lower = { top: 1000 - BOTTOM - LOWER_PANE, bottom: 1000 - BOTTOM }
  const [low, high] = shareRange(picture)
  const shares = niceTicks(low, high, 4).values
  const probe = pnlPane(picture.pnl, { top: 0, bottom: 100, index: 0, theme })
  const left = Math.max(Number(probe.grid.left), roomOf(shares.map(percent)))
  const upper = pnlPane(picture.pnl, {
    top: bottom + 16,
    bottom: lower.top - 26,
    left,
    timeLabels: false,
    index: 0,
    theme,
  })
  const points = picture.pnl.length > 0 ? picture.pnl : picture.rolling
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: [...upper.legend, ...shareLegend(picture, { top: lower.top, theme })],
    grid: [upper.grid, { left, right: 40, top: lower.top + 84, height: LOWER_PANE - 84 }],
    xAxis: [upper.xAxis, timeAxis(points, { index: 1, theme, labels: true })],
    yAxis: [
      upper.yAxis,
      {
        type: 'value',
        gridIndex: 1,
        min: low,
        max: high,
        axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter: percent, customValues: shares, margin: 10 },
        axisTick: { show: false, customValues: shares },
        axisLine: { show: false },
        splitLine: { lineStyle: { color: theme.faint } },
      },
    ],
    series: [
      ...upper.series,
      ...shareSeries(picture, { low, high, theme }),
      ...(picture.pnl.length < 2 ? [noteInPlot('no prices on record yet', theme)] : []),
      ...(picture.rolling.length === 0
        ? [
            {
              ...noteInPlot(`too little on record: a window is ${printable(picture.window)}`, theme),
              xAxisIndex: 1,
              yAxisIndex: 1,
            },
          ]
        : []),
    ],
  }
}

const percent = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(Math.round(value * 100))} %`

function shareRange({ rolling, meanHedgeRatio }: EffectivenessPicture): readonly [number, number] {
  const least = Math.max(LOWEST, Math.min(0, meanHedgeRatio, ...rolling.map(({ low }) => low)))
  const most = Math.min(HIGHEST, Math.max(1, meanHedgeRatio, ...rolling.map(({ high }) => high)))
  return [Math.floor(least * 4 + 1e-9) / 4, Math.ceil(most * 4 - 1e-9) / 4]
}

function shareSeries(
  { rolling, meanHedgeRatio, pnl }: EffectivenessPicture,
  { low, high, theme }: { low: number; high: number; theme: Theme },
): Record<string, unknown>[] {
  const within = (value: number): number => Math.max(low, Math.min(high, value))
  const place = { xAxisIndex: 1, yAxisIndex: 1, silent: true }
  const [from, to] = [pnl[0]?.at ?? rolling[0]?.at ?? 0, pnl.at(-1)?.at ?? rolling.at(-1)?.at ?? 0]
  const level = { ...place, type: 'line', showSymbol: false, z: 2 }
  return [
    {
      ...place,
      type: 'custom',
      clip: true,
      data: rolling.length === 0 ? [] : [[rolling[0]!.at, 0]],
      renderItem: (_: unknown, { coord }: Coordinates) => ({
        type: 'polygon',
        shape: {
          points: [
            ...rolling.map((one) => coord([one.at, within(one.high)])),
            ...rolling.toReversed().map((one) => coord([one.at, within(one.low)])),
          ],
        },
        style: { fill: theme.hedge, opacity: 0.25 },
      }),
      z: 1,
    },
    {
      ...level,
      data:
        to > from
          ? [
              [from, within(meanHedgeRatio)],
              [to, within(meanHedgeRatio)],
            ]
          : [],
      lineStyle: { color: theme.fill, width: 3, type: [3, 7] },
    },
    {
      ...place,
      type: 'line',
      showSymbol: rolling.length < 30,
      symbol: 'circle',
      symbolSize: 9,
      data: rolling.map(({ at, value }) => [at, within(value)]),
      lineStyle: { color: theme.hedge, width: 4 },
      itemStyle: { color: theme.hedge },
      z: 4,
    },
  ]
}

function shareLegend(
  { window, meanHedgeRatio }: EffectivenessPicture,
  { top, theme }: { top: number; theme: Theme },
): Record<string, unknown>[] {
  const width = PICTURE_WIDTH - 2 * MARGIN - 68
  const row = (i: number, text: string, style: Record<string, unknown>) => {
    const y = top + 17 + i * 32
    return [
      { type: 'line', silent: true, shape: { x1: MARGIN, y1: y, x2: MARGIN + 56, y2: y }, style },
      {
        type: 'text',
        silent: true,
        style: {
          ...drawnText(theme.ink, SIZE.small, { verticalAlign: 'middle' }),
          text: fitText(text, { width, size: SIZE.small }),
          x: MARGIN + 68,
          y,
        },
      },
    ]
  }
  return [
    ...row(0, `losses avoided over ${printable(window)} up to each point, with 90 % interval`, {
      stroke: theme.hedge,
      lineWidth: 4,
    }),
    ...row(1, `mean hedge ratio ${percent(meanHedgeRatio)}: what a hedge that never moves avoids`, {
      stroke: theme.fill,
      lineWidth: 3,
      lineDash: [3, 7],
    }),
  ]
}
