import type { Card } from '../domain/card.ts'
import type { HealthCheck, HealthFinding, HealthReport, HealthVerdict } from '../domain/model/health.ts'
import type { ModelHealth, ModelRecord } from '../ports.ts'

/** How people call the checks. */
export const CHECK_TITLES: Readonly<Record<HealthCheck, string>> = {
  'calibration-gate': 'Calibration, 90 days',
  lift: 'Ranking, 90 days',
  'against-baseline': 'Against volatility alone',
  'page-hinkley': 'Rise of the loss',
  adwin: 'Change of the Brier score',
  'calibration-drift': 'As often as said',
  'score-drift': 'Its answers, 30 days',
  'feature-drift': 'What it reads, 30 days',
  'out-of-distribution': 'Hours unlike training',
  coverage: 'What is known',
  answering: 'Answering',
}

/** What a verdict means, first thing. */
export const VERDICT_TEXTS: Readonly<Record<HealthVerdict, string>> = {
  healthy: 'healthy',
  warn: 'in use, but to be watched',
  recalibrate: 'in use, but what it says wants scaling anew',
  failed: 'failed',
}

export const TONES: Readonly<Record<HealthVerdict, Card['tone']>> = {
  healthy: 'ok',
  warn: 'warning',
  recalibrate: 'warning',
  failed: 'critical',
}

/** What the row of a day holds; undefined when an older version wrote it. */
export function toHealthReport({ report }: Pick<ModelHealth, 'report'>): HealthReport | undefined {
  const { verdict, findings, facts, days } = report as unknown as Partial<HealthReport>
  return verdict && findings && facts && days ? (report as unknown as HealthReport) : undefined
}

/** Those that say more than that all is well, the worst first. */
export const notable = (findings: readonly HealthFinding[]): readonly HealthFinding[] =>
  (['failed', 'recalibrate', 'warn'] as const).flatMap((level) => findings.filter((one) => one.level === level))

/** Tells of a verdict that is another than the day before. */
export const healthCard = (
  { modelId, state }: Pick<ModelRecord, 'modelId' | 'state'>,
  { verdict, findings }: HealthReport,
  before: HealthVerdict | undefined,
): Card => ({
  tone: TONES[verdict],
  title: `Model ${modelId} (${state}): ${VERDICT_TEXTS[verdict]}`,
  ...(before && { text: `Until now: ${VERDICT_TEXTS[before]}.` }),
  fields: notable(findings).map(({ check, text, remedy }) => ({
    name: CHECK_TITLES[check],
    value: remedy ? `${text}. ${remedy}` : `${text}.`,
  })),
  footer: '/model health shows every number with its limit.',
})
