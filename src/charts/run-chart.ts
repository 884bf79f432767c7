import { formatPercent, formatPrice } from '../domain/format.ts'
import { type ChartOptions, textStyle, themeOf } from './theme.ts'

export interface RunChartData {
  readonly asset: string
  readonly title: string
  readonly subtitle: string
  /** [instant in ms, close price] */
  readonly prices: readonly (readonly [number, number])[]
  /** [instant in ms, hedge ratio 0–1] */
  readonly hedgeRatios: readonly (readonly [number, number])[]
  readonly fills: readonly { readonly at: number; readonly price: number; readonly side: 'buy' | 'sell' }[]
  readonly alerts: readonly {
    readonly from: number
    readonly to: number
    readonly price: number
    readonly side: 'buy' | 'sell'
  }[]
  /** Model's and volatility-only probability of a cascade down. */
  readonly pCascadeDown: readonly (readonly [number, number])[]
  readonly pCascadeDownBaseline: readonly (readonly [number, number])[]
}

/** One run on three panes: price with fills and alerts, hedge ratio, and both cascade probabilities side by side. */
export function runChart(data: RunChartData, { dark }: { dark: boolean }): ChartOptions {
  const colour = themeOf(dark)
  const text = textStyle(colour.ink, 15)
  const pane = (top: string, height: string) => ({ left: 90, right: 30, top, height })
  const xAxis = (gridIndex: number, labels: boolean) => ({
    type: 'time',
    gridIndex,
    axisLabel: { ...text, show: labels, hideOverlap: true },
    axisLine: { lineStyle: { color: colour.faint } },
    splitLine: { show: false },
  })
  const yAxis = (gridIndex: number, name: string, formatter: (value: number) => string) => ({
    type: 'value',
    gridIndex,
    scale: gridIndex !== 1,
    name,
    nameTextStyle: { ...text, align: 'left' },
    axisLabel: { ...text, formatter },
    splitNumber: 3,
    splitLine: { lineStyle: { color: colour.faint } },
  })
  const line = (name: string, pane: number, stroke: string, points: RunChartData['prices'], extra = {}) => ({
    name,
    type: 'line',
    xAxisIndex: pane,
    yAxisIndex: pane,
    data: points,
    showSymbol: false,
    lineStyle: { color: stroke, width: 2 },
    itemStyle: { color: stroke },
    ...extra,
  })
  return {
    animation: false,
    useUTC: true,
    backgroundColor: colour.background,
    textStyle: text,
    title: {
      text: data.title,
      subtext: data.subtitle,
      left: 20,
      top: 12,
      textStyle: { ...text, fontSize: 20 },
      subtextStyle: { ...text, fontSize: 14 },
    },
    legend: { top: 74, left: 20, itemGap: 26, textStyle: text },
    grid: [pane('17%', '35%'), pane('58%', '14%'), pane('79%', '14%')],
    xAxis: [xAxis(0, false), xAxis(1, false), xAxis(2, true)],
    yAxis: [
      yAxis(0, `${data.asset} price`, (value) => value.toLocaleString('en-US')),
      { ...yAxis(1, 'hedge ratio', (value) => `${Math.round(value * 100)} %`), min: 0, max: 1 },
      yAxis(2, 'P(cascade down)', (value) => `${(value * 100).toFixed(1)} %`),
    ],
    series: [
      line('price', 0, colour.price, data.prices, {
        markArea: {
          silent: true,
          itemStyle: { color: colour.alert, opacity: 0.18 },
          data: data.alerts.map((alert) => [{ xAxis: alert.from }, { xAxis: alert.to }]),
        },
      }),
      {
        name: 'fill',
        type: 'scatter',
        xAxisIndex: 0,
        yAxisIndex: 0,
        symbolSize: 10,
        itemStyle: { color: colour.fill },
        data: data.fills.map((fill) => [fill.at, fill.price]),
      },
      {
        name: 'cluster alert',
        type: 'scatter',
        symbol: 'diamond',
        xAxisIndex: 0,
        yAxisIndex: 0,
        symbolSize: 14,
        itemStyle: { color: colour.alert },
        data: data.alerts.map((alert) => [alert.from, alert.price]),
      },
      line('hedge ratio', 1, colour.hedge, data.hedgeRatios, { step: 'end' }),
      line('model', 2, colour.price, data.pCascadeDown),
      line('volatility alone', 2, colour.baseline, data.pCascadeDownBaseline, {
        lineStyle: { color: colour.baseline, width: 2, type: 'dashed' },
      }),
    ],
  }
}

/** The same in words, for those who cannot see it. */
export function describeRun({ title, prices, hedgeRatios, fills, alerts }: RunChartData): string {
  const [first, last] = [prices[0], prices.at(-1)]
  const moved = first && last ? `price from ${formatPrice(first[1])} to ${formatPrice(last[1])}` : 'no prices'
  const highest = hedgeRatios.reduce((most, [, ratio]) => Math.max(most, ratio), 0)
  return `${title}: ${moved}, hedge ratio up to ${formatPercent(highest, 0)}, ${count(fills, 'fill')}, ${count(alerts, 'alert')}.`
}

const count = (items: readonly unknown[], name: string): string =>
  `${items.length} ${name}${items.length === 1 ? '' : 's'}`
