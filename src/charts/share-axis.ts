import { SIZE, type Theme, textStyle } from './theme.ts'

interface ShareAxis {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly theme: Theme
  /** Below the middle of a horizontal axis. */
  readonly name?: string
  /** Above a vertical axis. */
  readonly title?: string
}

/** An axis of shares, said in percent. */
export const shareAxis = ({ min, max, ticks, theme, name, title }: ShareAxis): Record<string, unknown> => ({
  type: 'value',
  min,
  max,
  ...(name ? { name, nameLocation: 'middle', nameGap: 46, nameTextStyle: textStyle(theme.muted, SIZE.small) } : {}),
  ...(title
    ? {
        name: title,
        nameGap: 22,
        nameTextStyle: { ...textStyle(theme.muted, SIZE.small), align: 'left', padding: [0, 0, 0, -86] },
      }
    : {}),
  axisLabel: {
    ...textStyle(theme.ink, SIZE.text),
    formatter: (value: number) => `${Number((value * 100).toPrecision(3))} %`,
    customValues: ticks,
    margin: 10,
  },
  axisTick: { show: false, customValues: ticks },
  axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
  splitLine: { lineStyle: { color: theme.faint } },
})
