import type { Settings } from '../../src/app/settings.ts'
import { DEFAULT_LIMITS } from '../../src/domain/risk/limits.ts'
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
  limits: DEFAULT_LIMITS,
  execution: {
    schedule: { kind: 'twap', urgency: 'normal', duration: duration(30 * MINUTE) },
    maxClip: usd(200_000),
    passiveWait: duration(20_000),
    orderValidity: duration(5_000),
    leaseTtl: duration(15_000),
  },
  stops: { enabled: false, atShare: fraction(0.7) },
  autoApproval: { maxOrder: usd(0), maxHour: usd(0), maxDay: usd(0) },
  risk: { every: duration(10_000) },
  trading: { mode: 'paper', countdown: duration(60_000) },
  liveGate: {
    minPaperDays: 90,
    minLossesAvoided: fraction(0.3),
    maxUpsideGivenUp: fraction(0.7),
    maxVolatilityRatio: 1.1,
    maxCalibrationError: fraction(0.05),
  },
  models: { shadowDays: 30, retrainEvery: duration(90 * DAY), protocolUpgrades: [] },
  heartbeat: { every: duration(15_000) },
  access: { channels: [{ platform: 'console', channel: 'desk', most: 'admin' }], commands: {} },
  escalation: { acknowledgeWithin: duration(5 * MINUTE) },
  channels: [{ platform: 'console', channel: 'desk' }],
  ...over,
})
