import type { World } from '../../../src/venues/simulated/world.ts'

export interface Facts {
  readonly annualVolatility: number
  readonly kurtosisHour: number
  readonly kurtosisDay: number
  readonly skewHour: number
  readonly absoluteReturnAutocorrelation: number
  readonly worstHour: number
  /** Mean change of log open interest over the worst 0.1 % of hours. */
  readonly openInterestInWorstHours: number
  readonly meanFunding: number
  readonly positiveFunding: number
  readonly fundingAgainstReturn72h: number
  /** Share of open interest liquidated per day, longs. */
  readonly dailyLongLiquidations: number
  readonly meanGain: number
}

/** The stylised facts of a world over so many hours (specification §7.2). */
export function measureFacts(world: World, hours: number): Facts {
  const [price, openInterest, funding, longs, gain]: [number[], number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
    [],
  ]
  for (let hour = 0; hour < hours; hour++) {
    let liquidated = 0
    let step = world.step()
    for (let i = 1; i < 12; i++) {
      liquidated += sum(step.longLiquidations)
      step = world.step()
    }
    price.push(Math.log(step.closePrice))
    openInterest.push(sum(step.openInterest))
    funding.push(step.fundingRate)
    longs.push(liquidated + sum(step.longLiquidations))
    gain.push(step.gain)
  }
  const hourly = price.slice(1).map((value, i) => value - price[i]!)
  const daily = price.flatMap((value, i) => (i > 0 && i % 24 === 0 ? [value - price[i - 24]!] : []))
  const change = openInterest.slice(1).map((coins, i) => Math.log(coins / openInterest[i]!))
  const worst = hourly.map((_, i) => i).sort((a, b) => hourly[a]! - hourly[b]!)
  const notional = openInterest.map((coins, i) => coins * Math.exp(price[i]!))
  return {
    annualVolatility: deviation(daily) * Math.sqrt(365),
    kurtosisHour: moment(hourly, 4) - 3,
    kurtosisDay: moment(daily, 4) - 3,
    skewHour: moment(hourly, 3),
    absoluteReturnAutocorrelation: correlation(hourly.slice(1).map(Math.abs), hourly.slice(0, -1).map(Math.abs)),
    worstHour: hourly[worst[0]!]!,
    openInterestInWorstHours: mean(worst.slice(0, Math.floor(hourly.length / 1000)).map((i) => change[i]!)),
    meanFunding: mean(funding),
    positiveFunding: mean(funding.map((rate) => (rate > 0 ? 1 : 0))),
    fundingAgainstReturn72h: correlation(
      funding.slice(72),
      price.slice(72).map((value, i) => value - price[i]!),
    ),
    dailyLongLiquidations: (mean(longs) * 24) / mean(notional),
    meanGain: mean(gain),
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
export const mean = (values: readonly number[]): number => sum(values) / values.length
const deviation = (values: readonly number[]): number => {
  const centre = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)))
}
const moment = (values: readonly number[], order: number): number => {
  const [centre, spread] = [mean(values), deviation(values)]
  return mean(values.map((value) => ((value - centre) / spread) ** order))
}
export const correlation = (xs: readonly number[], ys: readonly number[]): number => {
  const [meanX, meanY] = [mean(xs), mean(ys)]
  return mean(xs.map((x, i) => (x - meanX) * (ys[i]! - meanY))) / (deviation(xs) * deviation(ys))
}
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
