import { formatPercent } from '../../format.ts'
import type { CrowdingFacts, FundingFacts } from '../facts.ts'
import type { Limits } from '../limits.ts'
import { type Condition, judge, notKnown, type RailCheck, type RailReading } from '../reading.ts'

const FUNDING_Z = 4
/** One venue's funding can be its own affair. */
const FUNDING_VENUES = 2
/** |f8| < .05 % ends what began above .10 %. */
const FUNDING_RELEASE = 0.5

const OPEN_INTEREST_Z = 2
const CROWDED_SHARE = 0.6
/** From here on forced selling feeds itself, whatever g usually is. */
const HIGH_GAIN = 0.5

/**
 * Rail 8, by asset: |funding per 8 h| and its robust z-score both out of bounds, on two venues or more, the same way. Positive (our
 * short receives it, the crowd is long): no new leverage, half the overlay. Negative (our short pays): people are told to price it.
 */
export const checkFundingSpike: RailCheck = ({ funding }, limits) =>
  [...Map.groupBy(funding, ({ asset }) => asset)].map(([asset, found]) => fundingReading(asset, found, limits))

function fundingReading(asset: string, found: readonly FundingFacts[], limits: Limits): RailReading {
  const known = found.flatMap(({ funding, robustZ }) =>
    funding === undefined ? [] : [{ funding: funding as number, robustZ }],
  )
  if (known.length === 0) return notKnown('funding-spike', asset, 'funding: not known')
  const largest = Math.max(...known.map((one) => Math.abs(one.funding)))
  const unscored = known.filter(({ robustZ }) => robustZ === undefined).length
  return judge({
    rail: 'funding-spike',
    scope: asset,
    conditions: [spikeOf(known, { sign: 1, limits }), spikeOf(known, { sign: -1, limits })],
    release: limits.fundingSpike * FUNDING_RELEASE,
    releaseHolds: largest < limits.fundingSpike * FUNDING_RELEASE,
    notes: [
      `largest on any venue ${rate(largest)}`,
      ...(known.length < FUNDING_VENUES ? [`judged on ${FUNDING_VENUES} venues, known of ${known.length}`] : []),
      ...(unscored > 0 ? [`z-score not known of ${unscored}`] : []),
    ],
  })
}

/** The second largest of those that stand out: with it, two venues are beyond the trigger. */
function spikeOf(
  known: readonly { funding: number; robustZ: number | undefined }[],
  { sign, limits }: { sign: 1 | -1; limits: Limits },
): Condition {
  const outstanding = known
    .filter(({ robustZ, funding }) => robustZ !== undefined && Math.abs(robustZ) > FUNDING_Z && sign * funding > 0)
    .map(({ funding }) => Math.abs(funding))
    .toSorted((a, b) => b - a)
  return {
    what: `${sign > 0 ? 'positive' : 'negative'} funding that stands out on ${FUNDING_VENUES} venues`,
    value: outstanding[FUNDING_VENUES - 1] ?? 0,
    trips: 'above',
    steps: [[sign > 0 ? 'degraded' : 'caution', limits.fundingSpike]],
    format: rate,
    variant: sign > 0 ? 'positive' : 'negative',
  }
}

const rate = (value: number): string => `${formatPercent(value, 3)} per 8 h`

/**
 * Rail 9, by asset: open interest stands high and most accounts are on one side. Longs crowded, with a map that would feed its own
 * fall: hedge to the maximum. Shorts crowded: no more short.
 */
export const checkOneSidedOpenInterest: RailCheck = ({ crowding }) => crowding.map(crowdingReading)

function crowdingReading(facts: CrowdingFacts): RailReading {
  const { asset, openInterestZ, longShare, gain, gainP95 } = facts
  if (openInterestZ === undefined)
    return notKnown('one-sided-open-interest', asset, 'z-score of open interest: not known')
  const side = longShare === undefined ? undefined : sideOf(facts, longShare)
  return judge({
    rail: 'one-sided-open-interest',
    scope: asset,
    conditions: [
      {
        what: 'z-score of open interest',
        value: openInterestZ,
        trips: 'above',
        // Without a crowded side a high open interest is only high.
        steps: side === undefined ? [] : [['degraded', OPEN_INTEREST_Z]],
        format: (value) => value.toFixed(2),
        variant: side,
      },
    ],
    release: OPEN_INTEREST_Z,
    releaseHolds: openInterestZ < OPEN_INTEREST_Z,
    notes: [
      longShare === undefined ? 'share of long accounts: not known' : `long accounts ${formatPercent(longShare)}`,
      gain === undefined ? 'gain of the map: not known' : `gain of the map ${gain.toFixed(2)}`,
      ...(gainP95 === undefined ? ['its 95th percentile: not known'] : []),
    ],
  })
}

function sideOf({ gain, gainP95 }: CrowdingFacts, longShare: number): string | undefined {
  if (1 - longShare >= CROWDED_SHARE) return 'shorts-crowded'
  const isSteep = gain !== undefined && (gain > HIGH_GAIN || (gainP95 !== undefined && gain > gainP95))
  return longShare >= CROWDED_SHARE && isSteep ? 'longs-crowded' : undefined
}
