import type { Settings } from '../../src/app/settings.ts'
import { baseQty, bps, DAY, duration, fraction, HOUR, MINUTE, usd } from '../../src/domain/units.ts'

/** A small desk for tests: one approver is enough, nothing is waited for longer than it must be. */
export const testSettings = (over: Partial<Settings> = {}): Settings => ({
  book: { name: 'main', exposures: { ETH: baseQty(10) } },
  sizing: {
    policy: 'volatility-timed',
    meanRatio: fraction(0.5),
    maxRatio: fraction(1),
    beta: fraction(0.8),
    riskAversion: 5,
    minBand: fraction(0.02),
    takerFee: bps(5),
    halfSpread: bps(1),
  },
  hedgeLeverage: 3,
  forecasts: { every: duration(30_000) },
  alerts: {
    threshold: fraction(0.3),
    horizon: '24h',
    hysteresis: fraction(0.1),
    cooldown: duration(6 * HOUR),
    maxDuration: DAY,
    budgetPerDay: 4,
  },
  approvals: {
    expiry: duration(10 * MINUTE),
    maxDrift: bps(50),
    cooldown: HOUR,
    quorum: 1,
    quorumLarge: 2,
    quorumLargeAbove: usd(1_000_000),
    selfApprovalMax: usd(0),
  },
  limits: {
    maxRatio: fraction(1),
    maxProposalNotional: usd(5_000_000),
    maxOrderNotional: usd(250_000),
    maxGrossNotional: usd(20_000_000),
    maxDailyProposals: 20,
    maxOrdersPerMinute: 60,
    priceCollar: bps(50),
  },
  execution: {
    duration: duration(30 * MINUTE),
    maxClip: usd(200_000),
    maxSlippage: bps(30),
    leaseTtl: duration(15_000),
  },
  access: { channels: [{ platform: 'console', channel: 'desk', most: 'admin' }], commands: {} },
  escalation: { acknowledgeWithin: duration(5 * MINUTE) },
  channels: [{ platform: 'console', channel: 'desk' }],
  ...over,
})
