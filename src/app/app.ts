import type { Asset } from '../domain/market/tick.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Notifier } from '../ports.ts'
import { createAcceptPosition } from './accept-position.ts'
import { createAcknowledgeAlert } from './acknowledge-alert.ts'
import { createApplyRetention } from './apply-retention.ts'
import { createApplyVenueEvent } from './apply-venue-event.ts'
import { createChangePreferences } from './change-preferences.ts'
import { createChangeRole } from './change-role.ts'
import { createCheckReach } from './check-reach.ts'
import { createApproveProposal, createDeclineProposal, createExpireProposal } from './decide-proposal.ts'
import { createDeliverMessages } from './deliver-messages.ts'
import { createDescribeMember, createListMembers } from './describe-member.ts'
import { createDescribeVersion } from './describe-version.ts'
import { createEscalateAlert } from './escalate-alert.ts'
import { createExecuteProposal } from './execute-proposal.ts'
import { createExplainCluster } from './explain-cluster.ts'
import { createExplainForecast } from './explain-forecast.ts'
import { createExplainProposal } from './explain-proposal.ts'
import { createFollowMarket } from './follow-market.ts'
import { createInviteMember } from './invite-member.ts'
import { createJudgeClusters } from './judge-clusters.ts'
import { createOfferLink } from './link-identity.ts'
import { createLoadMarginTiers } from './load-margin-tiers.ts'
import type { MarketState } from './market-state.ts'
import { createMeasureModelHealth } from './measure-model-health.ts'
import { modelInForce } from './model-in-force.ts'
import { createModelVerbs } from './model-verbs.ts'
import { createMute } from './mute.ts'
import { createChangeOnCall, readOnCall } from './on-call.ts'
import type { Ports } from './ports.ts'
import { createProposeHedge } from './propose-hedge.ts'
import { createProposeHedges } from './propose-hedges.ts'
import { createReadAudit } from './read-audit.ts'
import { createReadMap } from './read-map.ts'
import { createReconcile } from './reconcile.ts'
import { createRecordModelForecasts } from './record-model-forecasts.ts'
import { createRedeemCode } from './redeem-code.ts'
import { createRefreshForecasts } from './refresh-forecasts.ts'
import { createRemindApprovers } from './remind-approvers.ts'
import { createReportCalibration } from './report-calibration.ts'
import { createReportDeliveries } from './report-deliveries.ts'
import { createReportModelHealth } from './report-model-health.ts'
import { createReports } from './reports.ts'
import { createResizeProposal } from './resize-proposal.ts'
import { createRiskVerbs } from './risk-verbs.ts'
import { createSendDigests } from './send-digests.ts'
import { createSteerExecution } from './steer-execution.ts'
import { createReadSubscriptions, createSubscribe } from './subscribe.ts'
import { createTendStops, describeStops } from './tend-stops.ts'

/**
 * Everything the product does, as verbs over the ports.
 *
 * @param market - the market as this process has followed it; a process that follows none leaves it empty and its forecasts
 *   are made elsewhere
 */
export function createApp(
  ports: Ports,
  { market, notifiers }: { market: MarketState; notifiers: () => readonly Notifier[] },
) {
  const proposeHedge = createProposeHedge(ports)
  const reconcile = createReconcile(ports)
  return {
    followMarket: createFollowMarket(ports, market),
    refreshForecasts: createRefreshForecasts(ports, market),
    judgeClusters: createJudgeClusters(ports, market),
    recordModelForecasts: createRecordModelForecasts(ports, market),
    measureModelHealth: createMeasureModelHealth(ports, market),
    proposeHedge,
    proposeHedges: createProposeHedges(ports, proposeHedge),
    approveProposal: createApproveProposal(ports),
    declineProposal: createDeclineProposal(ports),
    explainForecast: createExplainForecast(ports),
    explainProposal: createExplainProposal(ports),
    resizeProposal: createResizeProposal(ports),
    expireProposal: createExpireProposal(ports),
    remindApprovers: createRemindApprovers(ports),
    executeProposal: createExecuteProposal(ports),
    steerExecution: createSteerExecution(ports),
    reconcile,
    applyVenueEvent: createApplyVenueEvent(ports),
    tendStops: createTendStops(ports),
    describeStops: (asset: Asset) => describeStops(ports, asset),
    acceptPosition: createAcceptPosition(ports),
    applyRetention: createApplyRetention(ports, market),
    loadMarginTiers: createLoadMarginTiers(ports, market),
    deliverMessages: createDeliverMessages(ports, notifiers),
    acknowledgeAlert: createAcknowledgeAlert(ports),
    escalateAlert: createEscalateAlert(ports),
    sendDigests: createSendDigests(ports),
    checkReach: createCheckReach(ports, notifiers),
    openAlerts: () => ports.store.alerts.open(),
    readSubscriptions: createReadSubscriptions(ports),
    subscribe: createSubscribe(ports),
    mute: createMute(ports),
    readOnCall: () => readOnCall(ports.store, ports.clock.now()),
    changeOnCall: createChangeOnCall(ports),
    reportDeliveries: createReportDeliveries(ports),
    ...createRiskVerbs(ports, { market, reconcile }),
    ...createReports(ports),
    ...createModelVerbs(ports, market),
    reportModelHealth: createReportModelHealth(ports),
    listProposals: (limit: number) => ports.store.proposals.list({ limit }),
    readMap: createReadMap(ports, market),
    explainCluster: createExplainCluster(ports),
    reportCalibration: createReportCalibration(ports),
    listAlerts: (limit: number) => ports.store.alerts.recent(limit),
    alertsSince: (from: TimestampMs) => ports.store.alerts.standingSince(from),
    changePreferences: createChangePreferences(ports),
    changeRole: createChangeRole(ports),
    describeMember: createDescribeMember(ports),
    listMembers: createListMembers(ports),
    inviteMember: createInviteMember(ports),
    offerLink: createOfferLink(ports),
    redeemCode: createRedeemCode(ports),
    readAudit: createReadAudit(ports),
    describeVersion: createDescribeVersion(ports, ports.build),
    describeModel: () => modelInForce(ports.forecaster),
    /** By which a touch counts as a cascade. */
    eventRule: () => market.rule,
  }
}

export type App = ReturnType<typeof createApp>
