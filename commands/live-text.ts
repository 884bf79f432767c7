import type { LiveGate } from '../src/app/live-gate.ts'
import type { Card } from '../src/domain/card.ts'
import { formatTime } from '../src/domain/format.ts'
import type { LiveGateCondition, LiveGateVerdict } from '../src/domain/risk/live-gate.ts'

const STANDINGS: Readonly<Record<LiveGateCondition['standing'], string>> = {
  met: 'met',
  'not-met': 'not met',
  'not-known': 'not known',
}

/** Each condition, met or not, with its number, what is asked for and what it rests on. */
export const conditionFields = ({ conditions }: LiveGateVerdict): NonNullable<Card['fields']> =>
  conditions.map(({ what, standing, value, threshold, comparison, low, high, sample, why }) => ({
    name: `${what}: ${STANDINGS[standing]}`,
    value: [
      `${value === undefined ? 'no figure' : short(value)}, ${comparison === 'at-least' ? 'at least' : 'at most'} ${short(threshold)} asked for`,
      ...(low === undefined || high === undefined ? [] : [`90 % interval ${short(low)} to ${short(high)}`]),
      `sample ${sample}`,
      ...(why === undefined ? [] : [why]),
    ].join('; '),
  }))

export const permissionText = ({ permission: { state, by, at, reason } }: LiveGate): string =>
  state === 'none' ? 'never given' : `${state} by ${by.join(' and ')}, ${formatTime(at)}: ${reason}`

export const REHEARSAL = 'This desk trades on paper: all of this is a rehearsal, and no real order can leave.'

const short = (value: number): string => String(Number(value.toPrecision(3)))
