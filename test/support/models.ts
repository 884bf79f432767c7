import { gzipSync } from 'node:zlib'
import { timestamp } from '../../src/domain/units.ts'
import type { ModelFiles, ModelMetrics, ModelRegistration } from '../../src/ports.ts'

export const CLAIMED = ['cascade-down-24h', 'cascade-up-24h'] as const
export const FEATURES = 'features-1'

const figure = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 })

/** Held-out figures of a model that beats the rung below. */
export const someMetrics = (over: Partial<ModelMetrics> = {}): ModelMetrics => ({
  targets: Object.fromEntries(
    CLAIMED.map((target) => [
      target,
      { base: 0.05, episodes: 80, lift: figure(1.6), brierSkill: figure(0.03), ece: 0.004 },
    ]),
  ),
  overBelow: { value: 0.021, low: 0.008, high: 0.035, rung: 'five-feature', targets: CLAIMED },
  heldOut: 'ETH and BTC, 2024-07-15 to 2025-08-31',
  ...over,
})

/** A model that may be put in force, unless changed. */
export const aModel = (modelId: string, changes: Partial<ModelRegistration> = {}): ModelRegistration => ({
  modelId,
  rung: 'lstm',
  market: 'recorded',
  origin: 'trained',
  dataHash: 'data-1',
  featureHash: FEATURES,
  seeds: [1, 2],
  codeVersion: '0.1.0',
  trainedAt: timestamp(Date.UTC(2025, 8, 1)),
  trainedOn: 'ETH and BTC, 2020-01-01 to 2024-07-14',
  architecture: 'LSTM of 48, 21 003 parameters, 72 hourly steps',
  metrics: someMetrics(),
  gates: { 'cascade-down-24h': true, 'cascade-up-24h': true, 'cascade-down-4h': false },
  calibrators: { 'cascade-down-24h': { kind: 'platt', a: 0.1, b: 0.9 } },
  artifact: gzipSync(`{"modelId":"${modelId}"}`),
  ...changes,
})

export const modelFiles = (over: Partial<ModelFiles> = {}): ModelFiles => ({
  market: 'recorded',
  featureHash: FEATURES,
  rungs: ['base-rate', 'volatility-only', 'five-feature', 'lstm'],
  shipped: async () => [],
  ...over,
})
