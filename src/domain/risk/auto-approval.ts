import { formatPercent, formatUsd } from '../format.ts'
import type { Usd } from '../units.ts'
import { checkProposal, formatDenial, isProtective, type ProposalRisk } from './checks.ts'
import type { Limits } from './limits.ts'

/** What may go through without a person: per order, in any hour, in any day; an order of 0 = nothing at all. */
export interface AutoApprovalBudget {
  readonly maxOrder: Usd
  readonly maxHour: Usd
  readonly maxDay: Usd
}

export interface AutoApprovalFacts {
  readonly risk: ProposalRisk
  readonly limits: Limits
  readonly budget: AutoApprovalBudget
  /** Approved so in the last 60 minutes and 24 hours; this one not. */
  readonly spentLastHour: Usd
  readonly spentLastDay: Usd
}

export type AutoApproval =
  | {
      readonly kind: 'approved'
      /** Of the budget once this one is counted. */
      readonly leftThisHour: Usd
      readonly leftThisDay: Usd
      readonly text: string
    }
  /** It waits for a person; nothing is denied by that. Every reason, with its numbers. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }

/**
 * Whether a proposal may go on without a person: it protects (|net delta| falls and no leverage or margin limit is crossed), the risk
 * engine has nothing against it with what the rails let through, and order, hour and day are within the budget.
 */
export function judgeAutoApproval({
  risk,
  limits,
  budget,
  spentLastHour,
  spentLastDay,
}: AutoApprovalFacts): AutoApproval {
  if (budget.maxOrder <= 0) return { kind: 'refused', reasons: ['there is no budget'] }
  const hour = (spentLastHour + risk.notional) as Usd
  const day = (spentLastDay + risk.notional) as Usd
  const reasons = [
    ...(isProtective(risk, limits) ? [] : [`not protective: ${netDelta(risk)}`]),
    ...checkProposal(risk, limits).map(formatDenial),
    ...over('one order', risk.notional, budget.maxOrder),
    ...over('the last hour', hour, budget.maxHour),
    ...over('the last day', day, budget.maxDay),
  ]
  if (reasons.length > 0) return { kind: 'refused', reasons }
  return {
    kind: 'approved',
    leftThisHour: (budget.maxHour - hour) as Usd,
    leftThisDay: (budget.maxDay - day) as Usd,
    text: `protective: ${netDelta(risk)}; ${formatPercent(day / budget.maxDay, 0)} of the budget of a day used`,
  }
}

const netDelta = ({ netDeltaBefore, netDeltaAfter, venues }: ProposalRisk): string =>
  `net delta ${formatUsd(netDeltaBefore)} to ${formatUsd(netDeltaAfter)} on ${venues.map(({ venue }) => venue).join(', ') || 'no venue'}`

const over = (what: string, spent: number, most: number): readonly string[] =>
  spent > most ? [`over budget for ${what}: ${formatUsd(spent)} of ${formatUsd(most)}`] : []
