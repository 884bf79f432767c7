import { formulaHedge } from '../domain/hedging/formula.ts'
import { instrumentIdOf, roundToLot } from '../domain/instrument.ts'
import { baseQty, fraction, usd } from '../domain/units.ts'

export interface HedgeSizeOptions {
  readonly exposure: number
  readonly beta: number
  readonly rho: number
  readonly confidence: number
  readonly maxRatio: number
  readonly price?: number
  readonly lot: string
  readonly json?: boolean
}

/** `hedge size`: every step from exposure to size, as text or one JSON value. */
export async function runHedgeSize(options: HedgeSizeOptions): Promise<void> {
  if (!(options.exposure >= 0)) throw new Error(`Expected an exposure of zero or more coins, was ${options.exposure}`)
  const result = formulaHedge({
    exposure: baseQty(options.exposure),
    beta: fraction(options.beta),
    rho: fraction(options.rho),
    confidence: fraction(options.confidence),
    maxRatio: fraction(options.maxRatio),
  })
  if (!/^\d+(\.\d+)?$/.test(options.lot) || !(Number(options.lot) > 0))
    throw new Error(`Expected --lot to be a decimal above zero such as 0.001, was ${options.lot}`)
  const lotSize = options.lot
  const instrument = {
    instrumentId: instrumentIdOf('COIN', 'any'),
    asset: 'COIN',
    venue: 'any',
    lotSize,
    tickSize: '0.01',
    minNotional: usd(0),
  }
  const size = roundToLot(result.hedge, instrument)
  const steps = [
    { step: 'exposure', value: options.exposure, unit: 'coins' },
    { step: 'full-confidence hedge L·β', value: options.exposure * options.beta, unit: 'coins' },
    { step: 'rho used', value: result.rhoUsed, unit: 'correlation' },
    { step: 'denominator 1 + ρ(1 − C), at least 0.5', value: result.denominator, unit: 'ratio' },
    { step: 'hedge', value: result.hedge, unit: 'coins', boundBy: result.boundBy },
    { step: `rounded down to lots of ${lotSize}`, value: size, unit: 'coins' },
    ...(options.price === undefined ? [] : [{ step: 'notional', value: size * options.price, unit: 'USD' }]),
  ]
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ size, hedgeRatio: options.exposure > 0 ? size / options.exposure : 0, steps })}\n`,
    )
  else
    for (const { step, value, unit } of steps)
      process.stdout.write(`${step.padEnd(42)} ${Number(value.toFixed(6))} ${unit}\n`)
}
