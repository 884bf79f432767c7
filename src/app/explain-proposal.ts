import type { Forecast } from '../domain/forecast.ts'
import { formatAge, formatBps, formatPercent, formatUsd } from '../domain/format.ts'
import type { Member, Role } from '../domain/member.ts'
import { type Proposal, type ProposalId, type Tally, tallyApprovals, whoMayApprove } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import type { Limits } from '../domain/risk/limits.ts'
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
          checks: describeChecks(await judgePending(ports, proposal), proposal, settings.limits),
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

/** What only a single order can be denied for. */
type OrderOnly =
  | 'NOTIONAL_EXCEEDS_MAX_PER_ORDER'
  | 'ORDERS_EXCEED_MAX_PER_MINUTE'
  | 'PRICE_OUTSIDE_COLLAR'
  /** Counted when a proposal is made, not again when it is approved. */
  | 'PROPOSALS_EXCEED_MAX_PER_DAY'
type Code = Exclude<Denial['code'], OrderOnly>

/** Each check in the order of the risk engine: what it looks at, and the limit it holds it to. */
const CHECKS: { readonly [C in Code]: (facts: Required<Judgement>, proposal: Proposal, limits: Limits) => string } = {
  TRADING_HALTED: ({ risk }) => `trading state ${risk.tradingState}`,
  REDUCING_ONLY: ({ risk }) => `|net delta| ${formatUsd(risk.netDeltaBefore)} → ${formatUsd(risk.netDeltaAfter)}`,
  PRICE_STALE: ({ risk }) => `price ${formatAge(risk.priceAge)} old, at most ${formatAge(risk.maxPriceAge)}`,
  PRICE_DRIFTED: ({ drift }, { maxPriceDrift }) =>
    `price moved ${formatBps(drift)}, at most ${formatBps(maxPriceDrift)}`,
  HEDGE_RATIO_EXCEEDS_MAX: ({ risk }, _, { maxRatio }) =>
    `ratio ${formatPercent(risk.requestedRatio)}, at most ${formatPercent(maxRatio)}`,
  NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL: ({ risk }, _, { maxProposalNotional }) =>
    `${formatUsd(risk.notional)} now, at most ${formatUsd(maxProposalNotional)}`,
  NOTIONAL_EXCEEDS_MAX_GROSS: ({ risk }, _, { maxGrossNotional }) =>
    `all hedges ${formatUsd(risk.grossNotionalAfter)}, at most ${formatUsd(maxGrossNotional)}`,
}

function describeChecks(judgement: Judgement, proposal: Proposal, limits: Limits): readonly CheckLine[] {
  const { denials, drift, risk } = judgement
  if (drift === undefined || risk === undefined) return [{ passes: false, text: 'no price on record' }]
  return (Object.keys(CHECKS) as Code[]).map((code) => ({
    passes: denials.every((denial) => denial.code !== code),
    text: CHECKS[code]({ denials, drift, risk }, proposal, limits),
  }))
}
