import { formatPercent, formatUsd } from '../../format.ts'
import type { InstrumentFacts } from '../facts.ts'
import { type Condition, judge, type RailCheck } from '../reading.ts'

const MAX_SHARE = 0.005
const MAX_NOTIONAL_USD = 10_000
/** One poll can meet a fill that is on its way. */
const POLLS_TO_ACT = 2
const POLLS_TO_RELEASE = 3

/**
 * Rail 1, by venue: what it holds beyond what the record explains, more than 0.5 % or $10,000 for two polls. `reducing` until three
 * polls in a row were clean.
 */
export const checkReconciliation: RailCheck = ({ instruments }) =>
  [...Map.groupBy(instruments, ({ venue }) => venue)].map(([venue, found]) =>
    judge({
      rail: 'reconciliation',
      scope: venue,
      conditions: found.flatMap(conditionsOf),
      releaseHolds: found.every(({ cleanPolls }) => cleanPolls >= POLLS_TO_RELEASE),
      release: 0,
      notes: found.map(({ instrumentId, cleanPolls, dirtyPolls }) =>
        dirtyPolls > 0
          ? `${instrumentId} differs for ${dirtyPolls} polls`
          : `${instrumentId} clean for ${cleanPolls} polls`,
      ),
    }),
  )

function conditionsOf(facts: InstrumentFacts): readonly Condition[] {
  const level = facts.dirtyPolls >= POLLS_TO_ACT ? 'reducing' : 'caution'
  const notional: Condition = {
    what: `${facts.instrumentId} unexplained`,
    value: Math.abs(facts.unexplainedNotional),
    trips: 'above',
    steps: [[level, MAX_NOTIONAL_USD]],
    format: formatUsd,
  }
  if (facts.unexplainedShare === undefined) return [notional]
  const share: Condition = {
    what: `${facts.instrumentId} unexplained share`,
    value: Math.abs(facts.unexplainedShare),
    trips: 'above',
    steps: [[level, MAX_SHARE]],
    format: (value) => formatPercent(value, 2),
  }
  return [notional, share]
}
