import type { Forecast } from '../domain/forecast.ts'
import { formatAge, formatBps, formatPercent, formatUsd } from '../domain/format.ts'
import type { Member, Role } from '../domain/member.ts'
import { type Proposal, type ProposalId, type Tally, tallyApprovals, whoMayApprove } from '../domain/proposal.ts'
import { leverageAfter } from '../domain/risk/account-checks.ts'
import { type Denial, formatDenial, type VenueRisk } from '../domain/risk/checks.ts'
import { type Bps, bps, HOUR, later } from '../domain/units.ts'
import { type Judgement, judgePending } from './judge-proposal.ts'
import type { Ports } from './ports.ts'
import { roleFor } from './role-for.ts'

/** One check of the risk engine as it stands now, with its numbers. */
export interface CheckLine {
  readonly passes: boolean
  readonly text: string
}

export interface Explanation {
  readonly kind: 'explained'
  readonly proposal: Proposal
  readonly members: readonly Member[]
  /** On which it was sized; undefined where it is no longer on record. */
  readonly forecast?: Forecast | undefined
  readonly cost: { readonly total: Bps; readonly fee: Bps; readonly halfSpread: Bps; readonly impact: Bps }
  /** While it can still be decided. */
  readonly pending?: {
    readonly checks: readonly CheckLine[]
    readonly tally: Tally
    readonly mayApprove: readonly Member[]
    readonly needs: Role
  }
}

/** A forecast is made twice a minute; one older than this was not the newest when a proposal was made. */
const FORECAST_WITHIN = HOUR

/** How a proposal came about, and what stands between it and the venue. */
export const createExplainProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId }): Promise<Explanation | { readonly kind: 'not-found' }> => {
    const { store, settings, clock } = ports
    const proposal = await store.proposals.find(input.proposalId)
    if (!proposal) return { kind: 'not-found' }
    const members = await store.members.list()
    const { asset, proposedAt } = proposal
    const forecasts = await store.forecasts.between(asset, later(proposedAt, -FORECAST_WITHIN), proposedAt)
    const isOpen = proposal.state === 'pending' && clock.now() < proposal.expiresAt
    const needs = roleFor(settings, 'approve')
    return {
      kind: 'explained',
      proposal,
      members,
      forecast: forecasts.at(-1),
      cost: costParts(proposal, settings.sizing),
      ...(isOpen && {
        pending: {
          checks: describeChecks(await judgePending(ports, proposal), proposal),
          tally: tallyApprovals(proposal, members, needs),
          mayApprove: whoMayApprove(proposal, members, needs),
          needs,
        },
      }),
    }
  }

/** Impact is what is left of the total after fee and half-spread: these two are settings, the total is the proposal's own. */
const costParts = (
  { expectedCost }: Proposal,
  { takerFee, halfSpread }: { takerFee: Bps; halfSpread: Bps },
): Explanation['cost'] => ({
  total: expectedCost,
  fee: takerFee,
  halfSpread,
  impact: bps(expectedCost - takerFee - halfSpread),
})

/** One line of the explanation: what was looked at, and the codes that it can be denied with. */
interface Line {
  readonly codes: readonly Denial['code'][]
  text(judged: Required<Judgement>, proposal: Proposal): string
}

/** In the order of the risk engine. What only a single order can be denied for is not here, nor what counts only at its making. */
const LINES: readonly Line[] = [
  { codes: ['TRADING_HALTED', 'LIVE_NOT_PERMITTED'], text: ({ risk }) => `trading state ${risk.tradingState}` },
  {
    codes: ['REDUCING_ONLY', 'NET_DELTA_GROWS', 'NET_DELTA_EXCEEDS_MAX'],
    text: ({ risk }) => `|net delta| ${formatUsd(risk.netDeltaBefore)} → ${formatUsd(risk.netDeltaAfter)}`,
  },
  {
    codes: ['PRICE_STALE', 'PRICE_MISSING'],
    text: ({ risk }) => `price ${formatAge(risk.priceAge)} old, at most ${formatAge(risk.maxPriceAge)}`,
  },
  {
    codes: ['PRICE_DRIFTED'],
    text: ({ drift }, { maxPriceDrift }) => `price moved ${formatBps(drift)}, at most ${formatBps(maxPriceDrift)}`,
  },
  {
    codes: ['HEDGE_RATIO_EXCEEDS_MAX', 'HEDGE_RATIO_FALLS', 'HEDGE_RATIO_RISES'],
    text: ({ risk, limits }) =>
      `ratio ${formatPercent(risk.requestedRatio)}, at most ${formatPercent(limits.maxRatio)}`,
  },
  {
    codes: ['NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'],
    text: ({ risk, limits }) => `${formatUsd(risk.notional)} now, at most ${formatUsd(limits.maxProposalNotional)}`,
  },
  {
    codes: ['NOTIONAL_EXCEEDS_MAX_PER_DAY'],
    text: ({ risk, limits }) =>
      `${formatUsd(risk.dayNotional)} traded today, at most ${formatUsd(limits.maxDayNotional)}`,
  },
  {
    codes: ['NOTIONAL_EXCEEDS_MAX_GROSS'],
    text: ({ risk, limits }) =>
      `all hedges ${formatUsd(risk.grossNotionalAfter)}, at most ${formatUsd(limits.maxGrossNotional)}`,
  },
  {
    codes: [
      'ACCOUNT_NOT_KNOWN',
      'LEVERAGE_EXCEEDS_MAX',
      'LEVERAGE_EXCEEDS_HARD',
      'LEVERAGE_RISES',
      'MARGIN_USE_EXCEEDS_MAX',
      'MARGIN_RATIO_BELOW_MIN',
    ],
    text: ({ risk, limits }) =>
      `leverage ${risk.venues.map(leverageText).join(', ') || 'of no venue'}, at most ${limits.maxLeverage}×`,
  },
  {
    codes: ['VENUE_FROZEN', 'VENUE_SHARE_EXCEEDS_MAX'],
    text: ({ risk }) => `venues: ${risk.venues.map(({ venue }) => venue).join(', ') || 'none'}`,
  },
  {
    codes: ['RATIO_CHANGE_EXCEEDS_MAX_PER_HOUR', 'RATIO_CHANGE_EXCEEDS_MAX_PER_DAY', 'REVERSAL_TOO_SOON'],
    text: ({ risk, limits }) =>
      risk.askedFor
        ? 'pace: a person asked for it'
        : `moved ${formatPercent(risk.ratioChangeLastHour)} in the last hour, at most ${formatPercent(limits.maxRatioChangePerHour)}`,
  },
]

const leverageText = (risk: VenueRisk): string => {
  const after = leverageAfter(risk)
  return `${risk.venue} ${after === undefined ? 'not known' : `${after.toFixed(2)}×`}`
}

function describeChecks(judgement: Judgement, proposal: Proposal): readonly CheckLine[] {
  const { denials, drift, risk, limits } = judgement
  if (drift === undefined || risk === undefined || limits === undefined)
    return [{ passes: false, text: 'no price on record' }]
  const told = new Set(LINES.flatMap(({ codes }) => codes))
  return [
    ...LINES.map(({ codes, text }) => ({
      passes: denials.every(({ code }) => !codes.includes(code)),
      text: text({ denials, drift, risk, limits }, proposal),
    })),
    ...denials.filter(({ code }) => !told.has(code)).map((denial) => ({ passes: false, text: formatDenial(denial) })),
  ]
}
