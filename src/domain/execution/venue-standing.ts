import type { InstrumentId } from '../instrument.ts'
import {
  type BaseQty,
  baseQty,
  type DurationMs,
  duration,
  elapsed,
  type Fraction,
  fraction,
  type Price,
  type TimestampMs,
  type Usd,
  usd,
} from '../units.ts'

/** What reconciling has found of one instrument of one venue. */
export interface VenueStanding {
  readonly instrumentId: InstrumentId
  /** Signed quantity that other hands hold on the same account: there before us, or traded beside us. */
  readonly foreignQuantity: BaseQty
  /** Every fill of the account up to here has been looked at. */
  readonly fillsUntil: TimestampMs
  /** Signed: what the venue holds beyond ours and theirs; 0 when all is explained. */
  readonly unexplainedQuantity: BaseQty
  readonly unexplainedNotional: Usd
  /**
   * Polls in a row with more unexplained than is tolerated, and polls in a row without. From two dirty polls on there is a
   * mismatch, and its count stays until three clean ones have released it.
   */
  readonly dirtyPolls: number
  readonly cleanPolls: number
  /** Of the last look that counted. */
  readonly checkedAt: TimestampMs
}

/** What of a difference may stay unexplained: nothing beyond the smaller of both (specification §6, rail 1). */
export interface MismatchTolerance {
  /** Of the position. */
  readonly share: Fraction
  readonly notional: Usd
}

export const MISMATCH_TOLERANCE: MismatchTolerance = { share: fraction(0.005), notional: usd(10_000) }
const POLLS_TO_MISMATCH = 2
const POLLS_TO_RELEASE = 3
/** A rounding of one lot is no mismatch. */
const LOTS_TOLERATED = 1.5
const DUST = 1e-9

/** One look at a position. */
export interface PositionReading {
  /** Σ of our booked fills, signed. */
  readonly ours: BaseQty
  /** Signed quantity known to be of other hands. */
  readonly foreign: BaseQty
  /** Everything on the account, signed. */
  readonly theirs: BaseQty
  /** What may have been filled and is not booked yet, as orders whose fate we do not know: both positive. */
  readonly inFlight: { readonly buy: BaseQty; readonly sell: BaseQty }
  /** Undefined where no price is known: then only the share counts. */
  readonly markPrice?: Price | undefined
  readonly lotSize: string
}

/**
 * `in-flight`: a difference that orders under way can explain; it counts neither for nor against. `dirty`: more is unexplained
 * than is tolerated.
 */
export type PositionVerdict = 'clean' | 'in-flight' | 'dirty'

/**
 * Where an instrument stands after one more look, counted over looks: one alone may have caught a trade between two questions.
 *
 * @param before - of the look before; its `foreignQuantity` and `fillsUntil` are the caller's to have moved on
 * @param spacing - looks nearer to the last one that counted see the same moment again: they do not count
 */
export function judgePosition(
  before: VenueStanding,
  reading: PositionReading,
  {
    at,
    tolerance = MISMATCH_TOLERANCE,
    spacing = duration(0),
  }: { at: TimestampMs; tolerance?: MismatchTolerance; spacing?: DurationMs },
): { readonly standing: VenueStanding; readonly verdict: PositionVerdict } {
  const difference = clean(reading.theirs - reading.ours - reading.foreign)
  const verdict = verdictOn(difference, reading, tolerance)
  const unexplained = verdict === 'in-flight' ? 0 : difference
  const isCounted = before.dirtyPolls + before.cleanPolls === 0 || elapsed(before.checkedAt, at) >= spacing
  return {
    verdict,
    standing: {
      ...before,
      ...(isCounted && { ...countPolls(before, verdict), checkedAt: at }),
      unexplainedQuantity: baseQty(unexplained),
      unexplainedNotional: usd(Math.abs(unexplained) * (reading.markPrice ?? 0)),
    },
  }
}

function verdictOn(difference: number, reading: PositionReading, tolerance: MismatchTolerance): PositionVerdict {
  const size = Math.abs(difference)
  if (size <= LOTS_TOLERATED * Number(reading.lotSize)) return 'clean'
  const { buy, sell } = reading.inFlight
  if (difference > 0 ? difference <= buy + DUST : -difference <= sell + DUST) return 'in-flight'
  const held = Math.max(Math.abs(reading.theirs), Math.abs(reading.ours + reading.foreign))
  const isOver = size > tolerance.share * held || size * (reading.markPrice ?? 0) > tolerance.notional
  return isOver ? 'dirty' : 'clean'
}

function countPolls(
  before: Pick<VenueStanding, 'dirtyPolls' | 'cleanPolls'>,
  verdict: PositionVerdict,
): Pick<VenueStanding, 'dirtyPolls' | 'cleanPolls'> {
  switch (verdict) {
    case 'in-flight':
      return { dirtyPolls: before.dirtyPolls, cleanPolls: before.cleanPolls }
    case 'dirty':
      return { dirtyPolls: before.dirtyPolls + 1, cleanPolls: 0 }
    case 'clean': {
      const cleanPolls = before.cleanPolls + 1
      const isHeld = isMismatch(before) && cleanPolls < POLLS_TO_RELEASE
      return { dirtyPolls: isHeld ? before.dirtyPolls : 0, cleanPolls }
    }
  }
}

/** Our books and the venue disagree, and have not agreed for long enough since. */
export const isMismatch = ({ dirtyPolls }: Pick<VenueStanding, 'dirtyPolls'>): boolean =>
  dirtyPolls >= POLLS_TO_MISMATCH

/**
 * The first standing of an instrument on which nothing of ours was ever traded: what is there is other hands'. Where we have traded
 * before, nothing is taken for theirs without a reason, and what differs stays unexplained.
 */
export const firstStanding = (
  instrumentId: InstrumentId,
  { theirs, hasTraded, at }: { theirs: BaseQty; hasTraded: boolean; at: TimestampMs },
): VenueStanding => ({
  instrumentId,
  foreignQuantity: hasTraded ? baseQty(0) : theirs,
  fillsUntil: at,
  unexplainedQuantity: baseQty(0),
  unexplainedNotional: usd(0),
  dirtyPolls: 0,
  cleanPolls: 0,
  checkedAt: at,
})

const clean = (quantity: number): number => (Math.abs(quantity) < DUST ? 0 : Number(quantity.toFixed(9)))
