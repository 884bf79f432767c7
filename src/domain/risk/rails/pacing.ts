import { formatAge, formatPercent } from '../../format.ts'
import { elapsed } from '../../units.ts'
import type { AssetPacing } from '../facts.ts'
import type { Limits } from '../limits.ts'
import { MIN_HOLD } from '../pacing.ts'
import { judge, notKnown, type RailCheck, type RailReading } from '../reading.ts'

/** Rail 11: how much of the pace is used up, by asset, and of the day's parents, for the desk. The checks and sizing clip to it. */
export const checkPacing: RailCheck = ({ pacing }, limits) => [
  judge({
    rail: 'pacing',
    scope: 'desk',
    conditions: [
      {
        what: 'proposals that trade today',
        value: pacing.parentsToday,
        trips: 'from',
        steps: [['caution', limits.maxDailyProposals]],
        format: String,
      },
    ],
    releaseHolds: pacing.parentsToday !== undefined && pacing.parentsToday < limits.maxDailyProposals,
  }),
  ...pacing.assets.map((one) => assetPace(one, limits)),
]

/** Sums of lots end a hair under the limit that they were clipped to. */
const USED_UP = 1 - 1e-3

function assetPace({ asset, ratioChangeLastHour, ratioChangeLastDay }: AssetPacing, limits: Limits): RailReading {
  const hour = limits.maxRatioChangePerHour * USED_UP
  const day = limits.maxRatioChangePerDay * USED_UP
  const isKnown = ratioChangeLastHour !== undefined && ratioChangeLastDay !== undefined
  return judge({
    rail: 'pacing',
    scope: asset,
    conditions: [
      {
        what: 'hedge ratio moved in an hour',
        value: ratioChangeLastHour,
        trips: 'from',
        steps: [['caution', hour]],
        format: formatPercent,
        variant: 'hour',
      },
      {
        what: 'hedge ratio moved in a day',
        value: ratioChangeLastDay,
        trips: 'from',
        steps: [['caution', day]],
        format: formatPercent,
        variant: 'day',
      },
    ],
    releaseHolds: isKnown && ratioChangeLastHour < hour && ratioChangeLastDay < day,
  })
}

/** Rail 12, by asset: within two hours of a trade the hedge does not turn round. The checks deny it. */
export const checkMinHold: RailCheck = ({ at, pacing }) =>
  pacing.assets.map(({ asset, lastTrade }) => {
    if (!lastTrade) return notKnown('min-hold', asset, 'no trade on record')
    const age = Math.max(0, elapsed(lastTrade.at, at))
    return judge({
      rail: 'min-hold',
      scope: asset,
      conditions: [
        {
          what: `since it was last ${lastTrade.side === 'buy' ? 'bought' : 'sold'}`,
          value: age,
          trips: 'below',
          steps: [['caution', MIN_HOLD]],
          format: formatAge,
          variant: `after-${lastTrade.side}`,
        },
      ],
      release: MIN_HOLD,
      releaseHolds: age >= MIN_HOLD,
    })
  })
