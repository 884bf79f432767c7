import type { Asset, VenueId } from '../market/tick.ts'
import type { TimestampMs } from '../units.ts'
import { type ContractTerms, contractTerms } from './contract-terms.ts'
import { LEVERAGE_BUCKETS, type LeverageBucket } from './leverage.ts'
import { type TierTable, tiersAt } from './margin-tiers.ts'

/** Judgement, not measurement: high leverage is held in small size (tiers 1 and 2), low leverage in the middle of a table. */
export const SMALL_POSITION_NOTIONAL = 100_000
export const LARGE_POSITION_NOTIONAL = 5_000_000
export const SMALL_FROM_LEVERAGE = 20

export interface BucketMargin {
  /** Maintenance of a typical position as a fraction of its notional, the deduction taken off. */
  readonly maintenanceRate: number
  /** Whether the venue grants this leverage at any size. */
  readonly allowed: boolean
  readonly maintenanceOn: ContractTerms['maintenanceOn']
}

/** What each bucket of a map pays on a venue at an instant. */
export type MarginsOf = (venue: VenueId, at: TimestampMs) => readonly BucketMargin[]

/** Margins as a liquidation map asks for them; `tables` may change as newer ones are loaded. */
export const marginsOf =
  (asset: Asset, tables: () => readonly TierTable[], buckets = LEVERAGE_BUCKETS): MarginsOf =>
  (venue, at) =>
    bucketMargins(tables(), { venue, asset, at }, buckets)

interface Kept {
  readonly buckets: readonly LeverageBucket[]
  readonly table: TierTable
  /** A later table takes over from here. */
  readonly until: number
  readonly margins: readonly BucketMargin[]
}
const kept = new WeakMap<readonly TierTable[], Map<string, Kept>>()

/**
 * What a venue charges each leverage bucket: maintenance of a position of typical size, or of the largest that the venue
 * grants that leverage to. Where no table is known for that time, the bucket's own default, and all is allowed.
 *
 * Called for every bar: answers are kept per list of tables, so pass the same array again.
 *
 * @param tables - stored and shipped ones together; the newest that holds at `at` counts
 */
export function bucketMargins(
  tables: readonly TierTable[],
  { venue, asset, at }: { readonly venue: VenueId; readonly asset: Asset; readonly at: TimestampMs },
  buckets: readonly LeverageBucket[],
): readonly BucketMargin[] {
  const terms = contractTerms(venue, asset)
  if (!terms) return buckets.map(unknown)
  const key = `${venue} ${asset}`
  const ours = kept.get(tables) ?? new Map<string, Kept>()
  const last = ours.get(key)
  if (last && last.buckets === buckets && last.table.validFrom <= at && at < last.until) return last.margins

  const table = tiersAt(tables, terms, at)
  if (!table) return buckets.map((bucket) => ({ ...unknown(bucket), maintenanceOn: terms.maintenanceOn }))
  const margins = buckets.map((bucket) => marginOf(bucket, terms, table))
  kept.set(tables, ours.set(key, { buckets, table, until: holdsUntil(table, tables), margins }))
  return margins
}

const unknown = ({ maintenanceRate }: LeverageBucket): BucketMargin => ({
  maintenanceRate,
  allowed: true,
  maintenanceOn: 'mark',
})

function marginOf(bucket: LeverageBucket, terms: ContractTerms, { tiers }: TierTable): BucketMargin {
  const { maintenanceOn } = terms
  const granted = tiers.findLast(({ maxLeverage }) => maxLeverage >= bucket.leverage)
  if (!granted) return { maintenanceRate: bucket.maintenanceRate, allowed: false, maintenanceOn }
  const typical = bucket.leverage >= SMALL_FROM_LEVERAGE ? SMALL_POSITION_NOTIONAL : LARGE_POSITION_NOTIONAL
  const notional = Math.min(typical, granted.cap)
  const { maintenanceRate, deduction } = tiers.find(({ cap }) => notional <= cap)!
  const spared = terms.chargedOn === 'slices' ? deduction / notional : 0
  return { maintenanceRate: maintenanceRate - spared, allowed: true, maintenanceOn }
}

/** When this table ends or the next of the same contract begins. */
const holdsUntil = (table: TierTable, tables: readonly TierTable[]): number =>
  Math.min(
    table.validTo ?? Number.POSITIVE_INFINITY,
    ...tables
      .filter((other) => other.venue === table.venue && other.contract === table.contract)
      .map(({ validFrom }) => validFrom)
      .filter((from) => from > table.validFrom),
  )
