import { expectedCost } from '../execution/cost.ts'
import type { Prediction } from '../forecast.ts'
import { type Instrument, roundToLot } from '../instrument.ts'
import type { SizingStep } from '../proposal.ts'
import {
  type BaseQty,
  type Bps,
  baseQty,
  bpsToFraction,
  clamp,
  type Fraction,
  type FundingPer8h,
  fraction,
  type Price,
  type Usd,
  usd,
} from '../units.ts'
import { insideBand, noTradeBand } from './band.ts'
import { formulaHedge } from './formula.ts'
import { kellyOverlay } from './kelly.ts'
import { fundingShift, type HedgePolicy } from './policies.ts'
import type { RailClip } from './rail-clip.ts'

/** How much the target itself wanders per hour; the value the band's worked example uses (§4.4). */
const TARGET_VOLATILITY = fraction(0.02)

export interface SizingRules {
  readonly policy: HedgePolicy
  readonly meanRatio: Fraction
  readonly maxRatio: Fraction
  readonly beta: Fraction
  readonly riskAversion: number
  readonly minBand: Fraction
  readonly takerFee: Bps
  readonly halfSpread: Bps
}

export interface SizingInputs {
  /** Spot held, coins, ≥ 0. */
  readonly exposure: BaseQty
  /** Short hedge held now, coins, positive = short. */
  readonly hedge: BaseQty
  readonly price: Price
  readonly hourlyVolatility: Fraction
  readonly volatilityTimedRatio?: Fraction
  readonly fundingRate?: FundingPer8h
  readonly fundingCorrelation: Fraction
  readonly dailyVolumeNotional?: Usd
  readonly prediction: Prediction
  readonly instrument: Instrument
  readonly rules: SizingRules
  /** A person asked for this ratio: policy, overlay, funding, rails and band step aside; limits and checks do not. */
  readonly requestedRatio?: Fraction | undefined
  /** Within what the rails let the policy move; undefined = they ask for nothing. */
  readonly rails?: RailClip | undefined
}

export interface SizedHedge {
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly notional: Usd
  readonly ratioBefore: Fraction
  readonly ratioAfter: Fraction
  readonly expectedCost: Bps
  readonly steps: readonly SizingStep[]
}

export type Sizing =
  | ({ readonly kind: 'trade' } & SizedHedge)
  | {
      readonly kind: 'hold'
      readonly reason: 'INSIDE_BAND' | 'PACE_USED_UP' | 'BELOW_MIN_NOTIONAL' | 'NO_EXPOSURE'
      readonly ratio: Fraction
      readonly steps: readonly SizingStep[]
    }

/**
 * From exposure to order size, in the fixed order of the specification (§4.5): base hedge by policy, Kelly overlay,
 * funding shift, clip to the hedge limits, no-trade band last, lot rounding, expected cost. Every step is recorded.
 *
 * @throws {RangeError} when exposure is negative: this desk hedges spot it holds
 */
export function sizeHedge(inputs: SizingInputs): Sizing {
  const { exposure, hedge, price, rules, instrument } = inputs
  if (exposure < 0) throw new RangeError(`Expected an exposure of zero or more coins, was ${exposure}`)
  const steps: SizingStep[] = [{ name: 'exposure', hedge: baseQty(0), note: `${exposure} coins held` }]
  if (exposure === 0) return { kind: 'hold', reason: 'NO_EXPOSURE', ratio: fraction(0), steps }

  const record = (name: string, ratio: number, note: string): Fraction => {
    steps.push({ name, hedge: baseQty(ratio * exposure), note })
    return fraction(ratio)
  }
  const current = fraction(hedge / exposure)
  record('held now', current, `${percent(current)} of exposure`)

  let ratio =
    inputs.requestedRatio === undefined
      ? policyTarget(inputs, record)
      : record('requested', inputs.requestedRatio, 'asked for by a member')

  if (inputs.rails && inputs.requestedRatio === undefined) ratio = clipByRails(inputs.rails, ratio, record)
  const clipped = clamp(ratio, 0, rules.maxRatio)
  ratio = record(
    'limits',
    clipped,
    clipped === ratio ? 'within 0 and the maximum ratio' : `clipped to ${percent(clipped)}`,
  )

  if (inputs.requestedRatio === undefined) {
    const cost = bpsToFraction(expectedCost(costInputs(inputs, usd(Math.abs(ratio * exposure - hedge) * price))))
    const band = noTradeBand({
      cost,
      targetVolatility: TARGET_VOLATILITY,
      hourlyVolatility: inputs.hourlyVolatility,
      riskAversion: rules.riskAversion,
      minBand: rules.minBand,
    })
    const edge = insideBand(current, ratio, band)
    ratio = record('no-trade band', edge, `± ${percent(band)} around ${percent(ratio)}`)
    if (edge === current) return { kind: 'hold', reason: 'INSIDE_BAND', ratio: current, steps }
    ratio = keepPace(inputs.rails, { current, ratio, record })
    if (ratio === current) return { kind: 'hold', reason: 'PACE_USED_UP', ratio: current, steps }
  }

  const change = baseQty(ratio * exposure - hedge)
  const quantity = baseQty(Math.abs(roundToLot(change, instrument)))
  const side = change > 0 ? 'sell' : 'buy'
  const after = fraction((hedge + (side === 'sell' ? quantity : -quantity)) / exposure)
  record('lot rounding', after, `${side} ${quantity} in lots of ${instrument.lotSize}`)
  const traded = usd(quantity * price)
  if (traded < instrument.minNotional) return { kind: 'hold', reason: 'BELOW_MIN_NOTIONAL', ratio: current, steps }
  return {
    kind: 'trade',
    side,
    quantity,
    notional: traded,
    ratioBefore: current,
    ratioAfter: after,
    expectedCost: expectedCost(costInputs(inputs, traded)),
    steps,
  }
}

/** Last of all, for it bounds the trade and not the target: around a target that was cut the band would leave next to nothing. */
function keepPace(
  rails: RailClip | undefined,
  {
    current,
    ratio,
    record,
  }: { current: Fraction; ratio: Fraction; record: (name: string, ratio: number, note: string) => Fraction },
): Fraction {
  const most = rails?.mostChange
  if (most === undefined || Math.abs(ratio - current) <= most) return ratio
  const cut = current + Math.sign(ratio - current) * most
  return record('pace', cut, `${percent(most)} is what this hour and day still allow`)
}

/** A line only where the rails change something. */
function clipByRails(
  { toMax, least, most, notes }: RailClip,
  ratio: Fraction,
  record: (name: string, ratio: number, note: string) => Fraction,
): Fraction {
  const clipped = clamp(toMax ? Number.POSITIVE_INFINITY : ratio, least, most)
  if (clipped === ratio) return ratio
  const bounds = `between ${percent(least)} and ${percent(most)}`
  return record('rails', clipped, [...notes, bounds].join('; '))
}

function policyTarget(inputs: SizingInputs, record: (name: string, ratio: number, note: string) => Fraction): Fraction {
  const { rules, prediction, rails } = inputs
  const replaced = rails && rails.policy !== 'as-set' ? rails.policy : undefined
  const policy = replaced ?? rules.policy
  if (policy === 'formula' && prediction.kind === 'estimated') {
    const result = formulaHedge({
      exposure: inputs.exposure,
      beta: rules.beta,
      rho: inputs.fundingCorrelation,
      confidence: prediction.overlayConfidence,
      maxRatio: rules.maxRatio,
    })
    const bound = result.boundBy.length > 0 ? `, bound by ${result.boundBy.join(', ')}` : ''
    const target = record(
      'formula',
      result.hedge / inputs.exposure,
      `L·β/(1 + ρ(1 − C)), ρ ${result.rhoUsed.toFixed(2)}, C ${prediction.overlayConfidence.toFixed(2)}${bound}`,
    )
    return shiftForFunding(inputs, target, record)
  }

  const timed = policy === 'volatility-timed' ? inputs.volatilityTimedRatio : undefined
  const why =
    timed !== undefined
      ? 'volatility-timed'
      : policy === 'static'
        ? 'static'
        : 'static: too little history to time by volatility'
  const because = replaced && replaced !== rules.policy ? `, in place of ${rules.policy}: a rail asks for it` : ''
  const base = record('base', timed ?? rules.meanRatio, `${why}${because}`)
  if (replaced) return shiftForFunding(inputs, base, record)
  return shiftForFunding(inputs, addOverlay(inputs, base, record), record)
}

function addOverlay(
  inputs: SizingInputs,
  base: Fraction,
  record: (name: string, ratio: number, note: string) => Fraction,
): Fraction {
  const { prediction, rules } = inputs
  if (prediction.kind === 'undetermined')
    return record('overlay', base, `none: forecast undetermined (${prediction.reason})`)
  const horizonHours = prediction.overlayHorizon / 3_600_000
  const overlay = kellyOverlay({
    confidence: prediction.overlayConfidence,
    gatePassed: prediction.overlayGatePassed,
    baseRatio: base,
    maxRatio: rules.maxRatio,
    horizonVolatility: fraction(inputs.hourlyVolatility * Math.sqrt(horizonHours)),
    carry: fraction(((inputs.fundingRate ?? 0) * horizonHours) / 8),
    cost: bpsToFraction(expectedCost(costInputs(inputs, usd(inputs.exposure * inputs.price * 0.1)))),
  })
  const share = inputs.rails?.overlayShare ?? 1
  const cut = share < 1 ? `, a rail leaves ${percent(share)} of it` : ''
  const capped = overlay.capped ? ', capped: confidence has not passed its calibration gate' : ''
  return record(
    'overlay',
    base + overlay.ratio * share,
    `+ ${percent(overlay.ratio * share)}: C ${prediction.overlayConfidence.toFixed(2)}, share ${percent(overlay.share)}, bound by ${overlay.boundBy}${capped}${cut}`,
  )
}

function shiftForFunding(
  inputs: SizingInputs,
  target: Fraction,
  record: (name: string, ratio: number, note: string) => Fraction,
): Fraction {
  if (inputs.fundingRate === undefined) return record('funding', target, 'none: no fresh funding rate')
  const shift = fundingShift(inputs.fundingRate, {
    hourlyVolatility: inputs.hourlyVolatility,
    riskAversion: inputs.rules.riskAversion,
  })
  return record(
    'funding',
    target + shift,
    `${shift >= 0 ? '+' : '−'} ${percent(Math.abs(shift))} for ${(inputs.fundingRate * 1e4).toFixed(2)} bps per 8 h`,
  )
}

const costInputs = (inputs: SizingInputs, notional: Usd) => ({
  notional,
  takerFee: inputs.rules.takerFee,
  halfSpread: inputs.rules.halfSpread,
  dailyVolatility: fraction(inputs.hourlyVolatility * Math.sqrt(24)),
  dailyVolumeNotional: inputs.dailyVolumeNotional,
})

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
