import type { PriceRange } from './heat-cells.ts'
import { niceTicks, priceTickFormatter } from './scales.ts'
import { textWidth } from './text.ts'
import { SIZE, type Theme, textStyle } from './theme.ts'

/** A vertical price axis over `range`, and the room its labels take to the left of the plot, px. */
export function priceAxis(
  range: PriceRange,
  theme: Theme,
): { readonly axis: Record<string, unknown>; readonly room: number } {
  const { values, step } = niceTicks(range.low, range.high, 7)
  const formatter = priceTickFormatter(step)
  return {
    room: Math.max(...values.map((value) => textWidth(formatter(value), { size: SIZE.text }))) + 12,
    axis: {
      type: 'value',
      min: range.low,
      max: range.high,
      axisLabel: { ...textStyle(theme.ink, SIZE.text), formatter, customValues: values, margin: 10 },
      axisTick: { show: false, customValues: values },
      axisLine: { show: false },
      splitLine: { lineStyle: { color: theme.faint } },
    },
  }
}
