import { formatAge } from '../../format.ts'
import { duration, SECOND } from '../../units.ts'
import { type Condition, flag, judge, type RailCheck } from '../reading.ts'

const HEARTBEAT_LOST = duration(30 * SECOND)
const AUTH_ERRORS = 3

/**
 * Rail 0: a person pulled the kill switch, whoever executes is not heard of for 30 seconds, or a venue refuses our key three times
 * in a row. Nothing goes out until a person re-arms it with everything reconciled.
 *
 * What a person alone has stopped, a person starts by letting go of the switch: at once, for people do not flap. A process or a key
 * that failed waits for `rearm` and then comes back by steps.
 */
export const checkProcess: RailCheck = ({ process, instruments }, _limits, state) => {
  const { killed, heartbeatAge, authErrorsInARow } = process
  const isOnlyKilled = state('desk')?.variant === 'killed'
  const isLost = heartbeatAge !== undefined && heartbeatAge > HEARTBEAT_LOST
  const isRefused = authErrorsInARow !== undefined && authErrorsInARow >= AUTH_ERRORS
  const conditions: readonly Condition[] = [
    flag(killed ? `stopped by ${killed.by}, ${killed.reason}` : 'stopped by a person', killed !== undefined, {
      level: 'halted',
      variant: 'killed',
    }),
    {
      what: 'last sign of life',
      value: heartbeatAge,
      trips: 'above',
      steps: [['halted', HEARTBEAT_LOST]],
      format: (age) => `${formatAge(age)} ago`,
      variant: 'heartbeat-lost',
    },
    {
      what: 'refusals of our key in a row',
      value: authErrorsInARow,
      trips: 'from',
      steps: [['halted', AUTH_ERRORS]],
      format: String,
      variant: 'key-refused',
    },
  ]
  const unreconciled = instruments.filter(({ cleanPolls }) => cleanPolls < 1)
  return [
    judge({
      rail: 'kill',
      scope: 'desk',
      conditions,
      releaseHolds:
        killed === undefined &&
        unreconciled.length === 0 &&
        (isOnlyKilled || (heartbeatAge !== undefined && authErrorsInARow === 0)) &&
        !isLost &&
        !isRefused,
      needsPersonFrom: isLost || isRefused ? 'halted' : undefined,
      comesBackAtOnce: isOnlyKilled,
      notes: unreconciled.map(({ instrumentId }) => `${instrumentId} is not reconciled`),
    }),
  ]
}
