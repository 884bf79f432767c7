import { createDeclineRequest, createExpireRequest, createListRequests } from './admin-requests.ts'
import { createBeatHeart } from './beat-heart.ts'
import { createApproveLimit, createAskForLimit, createListLimits } from './change-limits.ts'
import { createChangeTradingState } from './change-trading-state.ts'
import { createAskToFlatten, createConfirmFlatten } from './flatten.ts'
import { createKeepCountdown } from './keep-countdown.ts'
import { createApproveLive, createAskForLive, createReadLiveGate, createRevokeLive } from './live-gate.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import type { Reconciliation } from './reconcile.ts'
import { createReconcileNow } from './reconcile-now.ts'
import { createReportRisk } from './report-risk.ts'
import { createResumeTrading } from './resume-trading.ts'
import { createWatchRisk } from './watch-risk.ts'

/** Rails, limits, the brake and the gate to real money. */
export const createRiskVerbs = (
  ports: Ports,
  { market, reconcile }: { market: MarketState; reconcile: () => Promise<Reconciliation> },
) => ({
  watchRisk: createWatchRisk(ports, market),
  keepCountdown: createKeepCountdown(ports),
  beatHeart: createBeatHeart(ports),
  reportRisk: createReportRisk(ports),
  changeTradingState: createChangeTradingState(ports),
  reconcileNow: createReconcileNow(ports, reconcile),
  resumeTrading: createResumeTrading(ports, reconcile),
  listLimits: createListLimits(ports),
  askForLimit: createAskForLimit(ports),
  approveLimit: createApproveLimit(ports),
  listRequests: createListRequests(ports),
  declineRequest: createDeclineRequest(ports),
  expireRequest: createExpireRequest(ports),
  askToFlatten: createAskToFlatten(ports),
  confirmFlatten: createConfirmFlatten(ports),
  readLiveGate: createReadLiveGate(ports),
  askForLive: createAskForLive(ports),
  approveLive: createApproveLive(ports),
  revokeLive: createRevokeLive(ports),
})
