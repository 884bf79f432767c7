import { z } from 'zod'
import { RAIL_TITLES, sinceText } from '../src/app/rail-card.ts'
import type { RailStanding, RiskStatus } from '../src/app/report-risk.ts'
import { command } from '../src/chat/command.ts'
import { formatAge, formatPercent, formatTime, formatUsd } from '../src/domain/format.ts'
import type { RailState } from '../src/domain/risk/rail.ts'
import { rankOf } from '../src/domain/risk/reading.ts'

/** A platform shows 25 fields of 1,024 characters; a desk has more venues and assets than fit. */
const LONGEST = 900

/** `/risk status`: what trading is held to and why, and every rail with its figure, its trigger and what releases it. */
export default command({
  name: 'risk status',
  description: 'Trading state and why, and every rail with how far it is from its trigger',
  role: 'viewer',
  options: z.object({}),

  async run(_, app) {
    const [risk, book] = await Promise.all([app.reportRisk(), app.reportStatus()])
    const { trading, limits, at } = risk
    const gross = book.assets.reduce(
      (sum, asset) => sum + Math.abs(asset.holding.hedge) * (asset.forecast?.market.price ?? 0),
      0,
    )
    return {
      tone: trading.state === 'active' ? 'info' : 'warning',
      title: `Trading state: ${trading.state}`,
      fields: [
        {
          name: trading.state === 'active' ? 'Since' : 'Why',
          value: cut(trading.because.length > 0 ? trading.because.join('\n') : whoSet(risk)),
        },
        ...flattenField(risk),
        ...risk.rails.map((standing) => ({ name: RAIL_TITLES[standing.rail], value: railText(standing, risk) })),
        { name: 'Gross hedge', value: `${formatUsd(gross)} of ${formatUsd(limits.maxGrossNotional)}` },
        {
          name: 'Hedge ratio',
          value: `at most ${formatPercent(limits.maxRatio, 0)}; now ${book.assets.map(({ holding }) => `${holding.asset} ${formatPercent(holding.hedgeRatio)}`).join(', ')}`,
        },
        { name: 'Real money', value: moneyText(risk) },
      ],
      footer: `${formatTime(at)}, rails ${risk.judgedAt === undefined ? 'not judged yet' : `judged ${formatAge(at - risk.judgedAt)} ago`}. /risk limits names every limit.`,
    }
  },
})

function whoSet({ trading: { set } }: RiskStatus): string {
  return set.at === 0 ? set.reason : `${formatTime(set.at)} by ${set.by}${set.reason ? `: ${set.reason}` : ''}`
}

/** The strictest first, then the nearest to its trigger; what does not fit is counted. */
function railText({ states }: RailStanding, { at }: RiskStatus): string {
  if (states.length === 0) return 'not judged yet'
  const sorted = states.toSorted((a, b) => rankOf(b.level) - rankOf(a.level) || nearness(b) - nearness(a))
  const lines: string[] = []
  for (const [i, state] of sorted.entries()) {
    const line = describe(state, at)
    if (lines.join('\n').length + line.length > LONGEST) {
      lines.push(`and ${sorted.length - i} more`)
      break
    }
    lines.push(line)
  }
  return lines.join('\n')
}

function describe(state: RailState, at: number): string {
  const { scope, level, text, value, trigger } = state
  const where = scope === 'desk' ? '' : `${scope}: `
  const far =
    value !== undefined && trigger !== undefined && level === 'normal' && Math.abs(value) < 1e6 && trigger !== 0
      ? `; ${formatPercent(Math.abs(value / trigger - 1), 0)} from it`
      : ''
  const standing = level === 'normal' ? level : `${level} ${sinceText(state.since, at)}, ${releaseOf(state, at)}`
  return cut(`${where}${standing}. ${text}${far}`)
}

/** What ends it, and how far that has come. */
function releaseOf({ heldForPerson, releasedSince }: RailState, at: number): string {
  const person = heldForPerson ? 'an admin lets go with /risk resume, then ' : ''
  return releasedSince === undefined
    ? `${person}waits until its reason is gone`
    : `${person}its reason is gone ${sinceText(releasedSince, at)}, one level back after 15 min of that`
}

/** How near to its trigger, by the figure that it shows; unknown last. */
const nearness = ({ value, trigger }: RailState): number =>
  value === undefined || trigger === undefined || trigger === 0 || value === 0
    ? 0
    : Math.min(Math.abs(value / trigger), Math.abs(trigger / value))

const flattenField = ({ flattening }: RiskStatus) =>
  flattening
    ? [
        {
          name: 'Flatten',
          value: `${flattening.phase === 'flat' ? 'every hedge is off' : 'hedges are coming off'}, asked by ${flattening.by} ${formatTime(flattening.at)}: ${flattening.reason}`,
        },
      ]
    : []

const moneyText = ({ permission: { state, by, at }, mode }: RiskStatus): string =>
  `${mode === 'paper' ? 'this desk trades on paper' : 'this desk trades with real money'}; permission ${
    state === 'none' ? 'never given' : `${state} by ${by.join(' and ')} ${formatTime(at)}`
  }`

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`)
