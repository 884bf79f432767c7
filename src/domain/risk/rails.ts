import { checkLeverage, checkLiquidationDistance, checkMargin } from './rails/account.ts'
import { checkDailyLoss } from './rails/daily-loss.ts'
import { checkData } from './rails/data.ts'
import { checkFundingSpike, checkOneSidedOpenInterest } from './rails/market.ts'
import { checkModelHealth } from './rails/model-health.ts'
import { checkMinHold, checkPacing } from './rails/pacing.ts'
import { checkProcess } from './rails/process.ts'
import { checkReconciliation } from './rails/reconciliation.ts'
import { checkVenueStatus } from './rails/venue-status.ts'
import type { RailCheck } from './reading.ts'

/** Rails 0 to 12 in order of precedence: safety of the account, loss, data, market, model, pacing (specification §6). */
export const RAIL_CHECKS: readonly RailCheck[] = [
  checkProcess,
  checkReconciliation,
  checkLiquidationDistance,
  checkMargin,
  checkLeverage,
  checkDailyLoss,
  checkData,
  checkVenueStatus,
  checkFundingSpike,
  checkOneSidedOpenInterest,
  checkModelHealth,
  checkPacing,
  checkMinHold,
]
