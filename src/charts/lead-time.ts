import type { LeadTimePicture } from '../domain/picture.ts'
import { heading, noteInPlot } from './heading.ts'
import { niceTicks } from './scales.ts'
import { shareAxis } from './share-axis.ts'
import { curveLegend, LEGEND_ROW, strokesOf } from './strokes.ts'
import { printable } from './text.ts'
import { type ChartOptions, SIZE, textStyle, themeOf } from './theme.ts'

const HOURS = [72, 60, 48, 36, 24, 12, 0]

/** Share of episodes that had an alert by so many hours before they began: time runs to the right, as it does for a desk. */
export function leadTimeChart(picture: LeadTimePicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const curves = picture.curves.map(({ name, points }, i) => ({
    name: printable(name),
    points: [...points],
    stroke: strokesOf(theme)[i % 3]!,
  }))
  const shares = [...curves.flatMap(({ points }) => points), ...picture.byChance].map(([, share]) => share)
  const high = Math.min(1, Math.max(0.05, ...shares) * 1.05)
  const top = bottom + 14 + LEGEND_ROW * (curves.length + 1)
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: curveLegend(bottom + 14, {
      rows: curves,
      last: 'as many alerts at hours that mean nothing',
      theme,
      signs: false,
    }),
    grid: { left: 116, right: 48, top: top + 56, bottom: 92 },
    xAxis: {
      type: 'value',
      min: 0,
      max: HOURS[0],
      inverse: true,
      name: 'hours before an episode begins',
      nameLocation: 'middle',
      nameGap: 46,
      nameTextStyle: textStyle(theme.muted, SIZE.small),
      axisLabel: {
        ...textStyle(theme.ink, SIZE.text),
        formatter: (value: number) => `${value} h`,
        customValues: HOURS,
        margin: 10,
      },
      axisTick: { show: false, customValues: HOURS },
      axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
      splitLine: { lineStyle: { color: theme.faint } },
    },
    // A reversed axis would take the other one to the right.
    yAxis: {
      ...shareAxis({
        min: 0,
        max: high,
        ticks: niceTicks(0, high, 5).values,
        theme,
        title: 'episodes with an alert by then',
      }),
      position: 'left',
    },
    series: [
      {
        type: 'line',
        name: 'by chance',
        silent: true,
        showSymbol: false,
        data: [...picture.byChance],
        lineStyle: { color: theme.muted, width: 2, type: [2, 6] },
      },
      ...curves.toReversed().map(({ name, points, stroke }) => ({
        type: 'line',
        name,
        silent: true,
        showSymbol: false,
        data: points,
        lineStyle: { color: stroke.colour, width: 3, type: stroke.line },
        z: 4,
      })),
      ...(curves.every(({ points }) => points.length === 0) ? [noteInPlot('there was no episode', theme)] : []),
    ],
  }
}
