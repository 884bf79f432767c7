import { formatPercent, formatTime } from '../domain/format.ts'
import type { ModelFigure, ModelRecord } from '../ports.ts'
import type { PromotionRefusal } from './model-gate.ts'
import type { ModelStanding } from './model-registry.ts'

/** A refusal with its numbers, one clause without a full stop. */
export function formatRefusal(refusal: PromotionRefusal): string {
  switch (refusal.code) {
    case 'NOT_A_CHALLENGER':
      return `it is ${refusal.state}, and only a challenger can be put in force`
    case 'OF_ANOTHER_MARKET':
      return `it was trained on ${refusal.market} markets, and this desk is in ${refusal.needed} ones`
    case 'OF_OTHER_FEATURES':
      return `it reads features ${refusal.featureHash}, and this version makes ${refusal.needed}`
    case 'NOT_COMPARED_WITH_RUNG_BELOW':
      return `it was not compared with the rung below ${refusal.rung}`
    case 'NOT_BETTER_THAN_RUNG_BELOW':
      return `it does not beat ${refusal.below}: Brier skill over it ${formatFigure(refusal)}, and the interval has to lie above zero`
    case 'NOT_CALIBRATED':
      return `it did not pass the calibration gate on ${refusal.targets.join(', ')}`
    case 'TOO_FEW_DAYS_IN_SHADOW':
      return `${refusal.days} of ${refusal.needed} days in shadow`
    case 'HEALTH_FAILED':
      return `its health failed on ${formatTime(refusal.day)}`
  }
}

/** `2.1 % [0.8 % to 3.5 %]` */
export const formatFigure = ({ value, low, high }: ModelFigure): string =>
  `${formatPercent(value)} [${formatPercent(low)} to ${formatPercent(high)}]`

/** What it beats and by how much, or why that is not known. */
export const describeSkill = ({ rung, metrics: { overBelow } }: Pick<ModelRecord, 'rung' | 'metrics'>): string =>
  overBelow
    ? `Brier skill over ${overBelow.rung} ${formatFigure(overBelow)}`
    : `${rung} was not compared with the rung below it`

/** What an approver is to judge a promotion on; the override, where there was one, above all. */
export function promotionEvidence({ model, shadow, health }: ModelStanding): readonly string[] {
  const { metrics, override } = model
  return [
    ...(override === undefined ? [] : [`Trained on less data than is asked for: ${override}`]),
    `${describeSkill(model)}, on ${metrics.heldOut}`,
    `Calibration gate passed on ${metrics.overBelow?.targets.join(', ') ?? 'nothing'}`,
    `${shadow.days} days in shadow, ${shadow.known} of ${shadow.forecasts} forecasts with a known outcome`,
    ...(health ? [`Health on ${formatTime(health.day)}: ${health.verdict}`] : ['Health was not measured yet']),
  ]
}
