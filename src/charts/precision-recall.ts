import type { PrecisionRecallPicture } from '../domain/picture.ts'
import { heading, noteInPlot } from './heading.ts'
import { niceTicks } from './scales.ts'
import { shareAxis } from './share-axis.ts'
import { curveLegend, LEGEND_ROW, strokesOf } from './strokes.ts'
import { printable } from './text.ts'
import { type ChartOptions, SIZE, textStyle, themeOf } from './theme.ts'

/** Below this recall precision rests on a handful of alerts, and one of them lucky would be all the picture shows. */
const LEAST_RECALL = 0.02

/** How many alerts are right, by how much of what happens they find. The dotted line is who alerts all the time. */
export function precisionRecallChart(picture: PrecisionRecallPicture, { dark }: { dark: boolean }): ChartOptions {
  const theme = themeOf(dark)
  const { title, bottom } = heading(picture, theme)
  const curves = picture.curves.map(({ name, points }, i) => ({
    name: printable(name),
    points: points.filter(([recall]) => recall >= LEAST_RECALL),
    stroke: strokesOf(theme)[i % 3]!,
  }))
  const shown = curves.flatMap(({ points }) => points.map(([, precision]) => precision))
  const high = Math.min(1, Math.max(0.02, picture.base * 2, ...shown) * 1.05)
  const ticks = niceTicks(0, high, 5).values
  const top = bottom + 14 + LEGEND_ROW * (curves.length + 1)
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: textStyle(theme.ink, SIZE.text),
    title,
    graphic: curveLegend(bottom + 14, {
      rows: curves,
      last: 'alerting all the time: as often as it happens',
      theme,
      signs: false,
    }),
    grid: { left: 116, right: 48, top: top + 56, bottom: 92 },
    xAxis: shareAxis({
      min: 0,
      max: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      theme,
      name: 'recall: share of the positive hours that were found',
    }),
    yAxis: shareAxis({ min: 0, max: high, ticks, theme, title: 'precision: share of what was said that came' }),
    series: [
      {
        type: 'line',
        name: 'base',
        silent: true,
        showSymbol: false,
        data: [
          [0, picture.base],
          [1, picture.base],
        ],
        lineStyle: { color: theme.muted, width: 2, type: [2, 6] },
      },
      // The model is drawn last, over what it has to beat.
      ...curves.toReversed().map(({ name, points, stroke }) => ({
        type: 'line',
        name,
        silent: true,
        showSymbol: false,
        data: points,
        lineStyle: { color: stroke.colour, width: 3, type: stroke.line },
        z: 4,
      })),
      ...(shown.length === 0 ? [noteInPlot('nothing happened that could be found', theme)] : []),
    ],
  }
}
