import { formatPercent } from '../../format.ts'
import { duration, HOUR } from '../../units.ts'
import { type Condition, flag, judge, type RailCheck } from '../reading.ts'

const NORMAL_FOR = duration(HOUR)

/**
 * Rail 7, by venue: it does not trade, has paused liquidations, or its mark has left the index. It is frozen until it was normal
 * for an hour. That it closes winners' positions is said, and stops nothing: what it took has to be hedged anew.
 */
export const checkVenueStatus: RailCheck = ({ accounts }, limits, state) =>
  accounts.map(({ venue, status, statusReason, liquidationsPaused, markIndexGap, deleveraging }) => {
    const conditions: readonly Condition[] = [
      flag(
        statusReason === undefined ? 'trading stopped' : `trading stopped (${statusReason})`,
        status === undefined ? undefined : status === 'halted',
        { level: 'degraded', variant: 'halted' },
      ),
      flag('liquidations paused', liquidationsPaused, { level: 'degraded', variant: 'liquidations-paused' }),
      {
        what: 'mark from index',
        value: markIndexGap,
        trips: 'above',
        steps: [['degraded', limits.maxMarkIndexGap]],
        format: (gap) => formatPercent(gap, 2),
        variant: 'mark-index-gap',
      },
      flag('closes the positions of winners', deleveraging, { level: 'caution', variant: 'deleveraging' }),
    ]
    // What brought it here has to be known to be over; what never spoke is not waited for.
    const held = (state(venue)?.variant ?? '').split('+')
    const isOver = conditions.every(({ variant, value, steps }) =>
      value === undefined
        ? !held.includes(variant!)
        : steps[0]![0] === 'caution' || !exceeds(value, steps[0]![1], variant),
    )
    return judge({
      rail: 'venue-status',
      scope: venue,
      conditions,
      releaseHolds: status !== undefined && isOver,
      releaseAfter: NORMAL_FOR,
    })
  })

const exceeds = (value: number, trigger: number, variant: string | undefined): boolean =>
  variant === 'mark-index-gap' ? value > trigger : value >= trigger
