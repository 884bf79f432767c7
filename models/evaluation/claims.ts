import type { RungName } from '../rung.ts'
import { type EventKey, PRICE_ONLY, targetOf } from '../targets.ts'
import type { EventRow, LadderReport, Reference } from './ladder-report.ts'
import { pooledCell } from './ladder-report.ts'
import { RESERVED } from './ledger.ts'
import { RUNG_TITLES } from './words.ts'

/** What may be said of a ladder, and what may not, in sentences. */
export interface Claims {
  /** Whether the test segments are the stretch kept back, and nothing else. */
  readonly onReserved: boolean
  readonly sentences: readonly string[]
}

/**
 * Skill is claimed of a rung on a price-only target, on the reserved stretch alone, when average precision and Brier skill are above
 * those of the rung below and of volatility alone with the intervals by weeks and by episodes above zero, and the calibration gate
 * is passed.
 *
 * @param seenBefore - rungs that were judged on the stretch before: they stand there for others to be held against, and nothing new
 *   is claimed of them
 * @see specification §2.3
 */
export function claimsOf(
  report: LadderReport,
  { seenBefore = [] }: { readonly seenBefore?: readonly RungName[] } = {},
): Claims {
  const isFirstLook = report.rungs.some((rung) => rung !== 'base-rate' && !seenBefore.includes(rung))
  const onReserved = report.folds.every(({ test: [from, to] }) => from >= RESERVED.from && to < RESERVED.to)
  const found = PRICE_ONLY.flatMap((target) => {
    const cell = pooledCell(report, target)
    return cell ? cell.rows.filter(hasSkill).map((row) => ({ target, row })) : []
  })
  const stretch = `${day(RESERVED.from)} to ${day(RESERVED.to - 1)}`
  if (!onReserved || !isFirstLook) {
    const why = onReserved ? 'this was not the first look at it' : 'this was judged on other dates'
    return {
      onReserved,
      sentences: [
        `Nothing here is a claim of skill: those rest on the first look at the stretch kept back (${stretch}) alone, and ${why}.`,
        ...found.map(({ target, row }) => `Descriptive: ${sentenceOf(target, row)}`),
        ...(found.length === 0
          ? ['No rung was better than both the one below it and volatility alone by every interval.']
          : []),
      ],
    }
  }
  const claimed = found.filter(({ row }) => !seenBefore.includes(row.rung))
  return {
    onReserved,
    sentences: [
      ...claimed.map(({ target, row }) => `Claimed: ${sentenceOf(target, row)}`),
      ...(claimed.length === 0
        ? [
            `No skill is claimed: on the stretch kept back (${stretch}) no rung${seenBefore.length > 0 ? ' that was looked at for the first time' : ''} was better than both the one below it and volatility alone by every interval, with its calibration gate passed.`,
          ]
        : []),
      ...(seenBefore.length > 0
        ? [`${seenBefore.map((rung) => RUNG_TITLES[rung]).join(', ')}: looked at before, and here to be held against.`]
        : []),
      `${PRICE_ONLY.length} targets were looked at for every rung; of so many, one in forty intervals of 95 % lies above zero by chance.`,
    ],
  }
}

/** Whether a row meets all that a claim asks for. */
export function hasSkill({ rung, comparisons, gate }: EventRow): boolean {
  if (rung === 'base-rate' || comparisons.length === 0 || gate?.passed !== true) return false
  return comparisons.every(({ averagePrecision, brierSkill }) =>
    [averagePrecision, brierSkill].every(
      ({ verdict, byEpisode }) => verdict === 'better' && byEpisode !== undefined && byEpisode[95].low > 0,
    ),
  )
}

function sentenceOf(target: EventKey, { rung, scores, comparisons }: EventRow): string {
  const { name, horizonHours } = targetOf(target)
  const what = `${name === 'cascade-down' ? 'falls' : 'rises'} beyond 2.5 σ within ${horizonHours} h`
  const over = comparisons
    .filter(({ against }) => against !== 'training rate')
    .map(
      ({ against, brierSkill: { value, intervals } }) =>
        `${percent(value)} over ${titleOf(against)} [${percent(intervals[95].low)}, ${percent(intervals[95].high)}]`,
    )
  return `of ${what}, ${RUNG_TITLES[rung]} finds ${scores.lift.toFixed(2)} times as many as chance (average precision over the rate), with a Brier skill of ${percent(scores.brierSkill)}${over.length > 0 ? `, ${over.join(' and ')}` : ''}.`
}

export const titleOf = (reference: Reference): string =>
  reference === 'training rate' ? 'the training rate' : RUNG_TITLES[reference]

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
