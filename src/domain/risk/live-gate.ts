import { hedgeEffectiveness, type Measure, type MeasureName, type PeriodPnl } from '../hedging/effectiveness.ts'
import { DAY, type Fraction, type TimestampMs } from '../units.ts'

/** What a paper record has to show before real money is traded, and has to go on showing. */
export interface LiveGateRules {
  readonly minPaperDays: number
  /** HER, the share of losses avoided, of the paper book. */
  readonly minLossesAvoided: Fraction
  /** UGU, the share of gains given up. */
  readonly maxUpsideGivenUp: Fraction
  /** Volatility against a static hedge of the same mean: equal-notional ratio (specification §4.6). */
  readonly maxVolatilityRatio: number
  /** Expected calibration error of the confidence that is acted on. */
  readonly maxCalibrationError: Fraction
}

/** One whole UTC day of the paper book. */
export interface PaperDay extends PeriodPnl {
  /** Its 00:00 UTC. */
  readonly day: TimestampMs
}

/** What there is to show. */
export interface PaperRecord {
  readonly at: TimestampMs
  /** Oldest first, each day once; days of which P&L is not known are left out. */
  readonly days: readonly PaperDay[]
  /** Held-out figures of the confidence in use; undefined where it comes with none. */
  readonly calibration?:
    | {
        readonly error: Fraction
        readonly samples: number
        /** Whether it passed its calibration gate; undefined where its file does not say. */
        readonly gatePassed?: boolean | undefined
      }
    | undefined
}

export interface LiveGateCondition {
  readonly name:
    | 'paper-days'
    | 'no-gaps'
    | 'losses-avoided'
    | 'upside-given-up'
    | 'volatility-ratio'
    | 'calibration-error'
    | 'calibration-gate'
  /** In words, with its unit. */
  readonly what: string
  readonly standing: 'met' | 'not-met' | 'not-known'
  readonly comparison: 'at-least' | 'at-most'
  readonly threshold: number
  readonly value?: number | undefined
  /** 90 % interval, where the value is an estimate. */
  readonly low?: number | undefined
  readonly high?: number | undefined
  /** Days, periods or outcomes that it rests on. */
  readonly sample: number
  /** Why it is not known, or not met in spite of its value. */
  readonly why?: string | undefined
}

export interface LiveGateVerdict {
  readonly kind: 'open' | 'closed'
  readonly conditions: readonly LiveGateCondition[]
  /** Of what is not met or not known; empty when it is open. */
  readonly reasons: readonly string[]
}

/** Moves hang together for days; a working week is drawn at a time. */
const BLOCK_DAYS = 5
/** With fewer no interval is worth the name, however low the days asked for are set. */
const MIN_DAYS = 20
/** One day in twenty may be missing: a restart, a venue's holiday. More, and the record chose its days. */
const MAX_MISSING = 0.05

/**
 * Whether a paper record is good enough for real money. Open only when every condition is met; what is not known is not met.
 *
 * Estimates are judged by their value, as the rules are set, and shown with interval and sample. The share of losses avoided must
 * besides differ from none: its interval has to lie above 0.
 *
 * @throws {RangeError} when days are out of order or there twice
 */
export function judgeLiveGate(record: PaperRecord, rules: LiveGateRules): LiveGateVerdict {
  checkOrderOfDays(record.days)
  const conditions = [
    ...recordConditions(record, rules),
    ...hedgeConditions(record, rules),
    ...calibration(record, rules),
  ]
  const failing = conditions.filter(({ standing }) => standing !== 'met')
  return { kind: failing.length === 0 ? 'open' : 'closed', conditions, reasons: failing.map(describe) }
}

function recordConditions({ at, days }: PaperRecord, rules: LiveGateRules): readonly LiveGateCondition[] {
  const sample = days.length
  const paperDays = compared({
    name: 'paper-days',
    what: 'days of paper record',
    comparison: 'at-least',
    threshold: rules.minPaperDays,
    value: sample,
    sample,
  })
  const gaps = {
    name: 'no-gaps',
    what: 'share of days missing',
    comparison: 'at-most',
    threshold: MAX_MISSING,
  } as const
  const first = days[0]
  if (!first) return [paperDays, { ...gaps, standing: 'not-known', sample, why: 'there is no record' }]
  // Whole days from the first on record to yesterday: a record that has ended counts as missing since.
  const whole = Math.max(1, Math.floor(at / DAY) - Math.floor(first.day / DAY))
  return [paperDays, compared({ ...gaps, value: Math.max(0, (whole - sample) / whole), sample: whole })]
}

function hedgeConditions({ days }: PaperRecord, rules: LiveGateRules): readonly LiveGateCondition[] {
  const result = hedgeEffectiveness(days, { blockLength: BLOCK_DAYS, minPeriods: MIN_DAYS })
  const of = (
    measure: MeasureName,
    condition: Pick<LiveGateCondition, 'name' | 'what' | 'comparison' | 'threshold'>,
  ): LiveGateCondition => {
    const sample = days.length
    if (result.kind === 'undetermined') {
      const why =
        result.reason === 'TOO_FEW_PERIODS'
          ? `${result.needed} days are needed, ${sample} are there`
          : 'nothing was held'
      return { ...condition, standing: 'not-known', sample, why }
    }
    const found: Measure | undefined = result.measures[measure]
    if (!found) return { ...condition, standing: 'not-known', sample, why: 'too few days of the kind that it is about' }
    const { value, low, high, periods } = found
    return { ...compared({ ...condition, value, sample: periods }), low, high }
  }
  const avoided = of('lossesAvoided', {
    name: 'losses-avoided',
    what: 'share of losses avoided (HER)',
    comparison: 'at-least',
    threshold: rules.minLossesAvoided,
  })
  return [
    avoided.standing === 'met' && !(avoided.low! > 0)
      ? { ...avoided, standing: 'not-met', why: 'its interval reaches to no loss avoided at all' }
      : avoided,
    of('upsideGivenUp', {
      name: 'upside-given-up',
      what: 'share of gains given up (UGU)',
      comparison: 'at-most',
      threshold: rules.maxUpsideGivenUp,
    }),
    of('volatilityRatio', {
      name: 'volatility-ratio',
      what: 'volatility over that of a static hedge of the same mean',
      comparison: 'at-most',
      threshold: rules.maxVolatilityRatio,
    }),
  ]
}

function calibration({ calibration: found }: PaperRecord, rules: LiveGateRules): readonly LiveGateCondition[] {
  const error = {
    name: 'calibration-error',
    what: 'expected calibration error of the confidence in use',
    comparison: 'at-most',
    threshold: rules.maxCalibrationError,
  } as const
  const gate = {
    name: 'calibration-gate',
    what: 'its calibration gate (1 = passed)',
    comparison: 'at-least',
    threshold: 1,
  } as const
  const sample = found?.samples ?? 0
  return [
    found
      ? compared({ ...error, value: found.error, sample })
      : { ...error, standing: 'not-known', sample, why: 'the confidence in use comes with no held-out figures' },
    found?.gatePassed === undefined
      ? { ...gate, standing: 'not-known', sample, why: 'nothing says whether it passed' }
      : compared({ ...gate, value: found.gatePassed ? 1 : 0, sample }),
  ]
}

function compared(
  condition: Omit<LiveGateCondition, 'standing' | 'value'> & { readonly value: number },
): LiveGateCondition {
  const { value, threshold, comparison } = condition
  const isMet = comparison === 'at-least' ? value >= threshold : value <= threshold
  return { ...condition, standing: isMet ? 'met' : 'not-met' }
}

/** `share of losses avoided (HER): 0.21, at least 0.3 asked for (90 %: 0.05 to 0.4; 41 days)` */
function describe({ what, value, threshold, comparison, low, high, sample, why }: LiveGateCondition): string {
  const asked = `${comparison === 'at-least' ? 'at least' : 'at most'} ${short(threshold)} asked for`
  if (value === undefined) return `${what}: not known (${why}), ${asked}`
  const interval = low === undefined || high === undefined ? '' : `90 %: ${short(low)} to ${short(high)}; `
  return `${what}: ${short(value)}, ${asked} (${interval}sample ${sample})${why === undefined ? '' : `; ${why}`}`
}

const short = (value: number): string => String(Number(value.toPrecision(3)))

function checkOrderOfDays(days: readonly PaperDay[]): void {
  for (const [i, { day }] of days.entries()) {
    const before = days[i - 1]
    if (before && Math.floor(day / DAY) <= Math.floor(before.day / DAY))
      throw new RangeError(`Expected each UTC day once and oldest first, was ${day} after ${before.day}`)
  }
}
