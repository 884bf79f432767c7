import type { Settings } from '../../src/app/settings.ts'
import { DEFAULT_LIMITS } from '../../src/domain/risk/limits.ts'
import { duration, HOUR, usd } from '../../src/domain/units.ts'
import { testSettings } from '../support/desk-settings.ts'
import type { RunPlan } from './plan.ts'

/** A desk that executes in a few seconds what takes half an hour elsewhere. */
export const deskSettings = (plan: RunPlan, pace: number): Settings => {
  const slowly = (ms: number) => duration(Math.round(ms * pace))
  const defaults = testSettings()
  const budget = usd(plan.approval === 'budget' ? 1e6 : 0)
  return {
    ...defaults,
    approvals: {
      ...defaults.approvals,
      expiry: slowly(plan.expiryMs),
      quorum: plan.approval === 'two members at once' ? 2 : 1,
    },
    limits: { ...DEFAULT_LIMITS, maxOrdersPerMinute: plan.maxOrdersPerMinute },
    execution: {
      schedule: { ...plan.schedule, duration: slowly(plan.durationMs) },
      maxClip: usd(plan.maxClipUsd),
      passiveWait: slowly(plan.passiveWaitMs),
      orderValidity: slowly(plan.orderValidityMs),
      leaseTtl: slowly(plan.leaseTtlMs),
    },
    autoApproval: { maxOrder: budget, maxHour: budget, maxDay: budget },
    // Nobody watches the rails here: what is on record of them holds for as long as a run may take.
    risk: { every: HOUR },
    trading: { ...defaults.trading, countdown: duration(0) },
  }
}
