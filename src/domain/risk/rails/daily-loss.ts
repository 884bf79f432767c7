import { formatPercent } from '../../format.ts'
import type { TimestampMs } from '../../units.ts'
import { judge, notKnown, type RailCheck } from '../reading.ts'

const DAY_OF = /loss-of-(\d{4}-\d{2}-\d{2})/g

/**
 * Rail 5: loss of the hedged book since 00:00 UTC over its value then. Warn; soft: net delta may not grow and no hedge is lowered;
 * hard: `reducing`. Ends on the next UTC day, after the hard one with a person's word. The day is kept as the variant.
 */
export const checkDailyLoss: RailCheck = ({ at, book }, limits, state) => {
  const { valueAtDayStart, value } = book
  if (valueAtDayStart === undefined || value === undefined || valueAtDayStart <= 0)
    return [notKnown('daily-loss', 'desk', 'value of the book at 00:00 UTC or now: not known')]
  const loss = (valueAtDayStart - value) / valueAtDayStart
  const today = dayOf(at)
  const lostOn = lastDayIn(state('desk')?.variant)
  const isNextDay = lostOn === undefined || lostOn < today
  return [
    judge({
      rail: 'daily-loss',
      scope: 'desk',
      conditions: [
        {
          what: 'loss since 00:00 UTC',
          value: loss,
          trips: 'from',
          steps: [
            ['caution', limits.warnDailyLoss],
            ['degraded', limits.softDailyLoss],
            ['reducing', limits.hardDailyLoss],
          ],
          format: (share) => formatPercent(share, 2),
        },
      ],
      releaseHolds: isNextDay,
      needsPersonFrom: 'reducing',
      variants: loss >= limits.warnDailyLoss ? [`loss-of-${today}`] : [],
      notes: isNextDay ? [] : [`held for the rest of ${lostOn} UTC`],
    }),
  ]
}

const dayOf = (at: TimestampMs): string => new Date(at).toISOString().slice(0, 10)

const lastDayIn = (variant: string | undefined): string | undefined =>
  [...(variant ?? '').matchAll(DAY_OF)]
    .map(([, day]) => day!)
    .toSorted()
    .at(-1)
