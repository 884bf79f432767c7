import type { App } from '../src/app/app.ts'
import type { JobHandlers } from '../src/ports.ts'
import applyRetention from './apply-retention.ts'
import checkReach from './check-reach.ts'
import deliverMessages from './deliver-messages.ts'
import escalateAlert from './escalate-alert.ts'
import executeProposal from './execute-proposal.ts'
import expireProposal from './expire-proposal.ts'
import expireRequest from './expire-request.ts'
import type { Job } from './job.ts'
import judgeClusters from './judge-clusters.ts'
import measureModelHealth from './measure-model-health.ts'
import proposeHedges from './propose-hedges.ts'
import reconcile from './reconcile.ts'
import recordModelForecasts from './record-model-forecasts.ts'
import refreshForecasts from './refresh-forecasts.ts'
import refreshMarginTiers from './refresh-margin-tiers.ts'
import remindApprovers from './remind-approvers.ts'
import retrainModels from './retrain-models.ts'
import sendDigests from './send-digests.ts'
import tendStops from './tend-stops.ts'
import tendTraining from './tend-training.ts'
import watchRisk from './watch-risk.ts'

/** Everything that happens on its own. */
export const jobs = [
  refreshForecasts,
  proposeHedges,
  executeProposal,
  expireProposal,
  remindApprovers,
  deliverMessages,
  escalateAlert,
  sendDigests,
  checkReach,
  reconcile,
  applyRetention,
  judgeClusters,
  recordModelForecasts,
  measureModelHealth,
  refreshMarginTiers,
  watchRisk,
  tendStops,
  expireRequest,
  tendTraining,
  retrainModels,
] as const

/** The handlers that a process of these roles runs. */
export function handlersFor(roles: readonly Job['role'][], app: App): Partial<JobHandlers> {
  const mine = (jobs as readonly Job[]).filter((job) => roles.includes(job.role))
  return Object.fromEntries(
    mine.map((job) => [
      job.name,
      { attempts: job.attempts, timeout: job.timeout, run: async (data: never) => void (await job.run(data, app)) },
    ]),
  ) as Partial<JobHandlers>
}
