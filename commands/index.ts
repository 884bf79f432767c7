import type { Command } from '../src/chat/command.ts'
import ack from './ack.ts'
import alerts from './alerts.ts'
import approve from './approve.ts'
import audit from './audit.ts'
import decline from './decline.ts'
import deliveries from './deliveries.ts'
import funding from './funding.ts'
import hedgeCancel from './hedge-cancel.ts'
import hedgeHistory from './hedge-history.ts'
import hedgePause from './hedge-pause.ts'
import hedgePropose from './hedge-propose.ts'
import hedgeResize from './hedge-resize.ts'
import hedgeResume from './hedge-resume.ts'
import hedgeStatus from './hedge-status.ts'
import hedgeWhy from './hedge-why.ts'
import help from './help.ts'
import invite from './invite.ts'
import link from './link.ts'
import liqCalibration from './liq-calibration.ts'
import liqClusters from './liq-clusters.ts'
import liqExplain from './liq-explain.ts'
import liqMap from './liq-map.ts'
import liveApprove from './live-approve.ts'
import liveRequest from './live-request.ts'
import liveRevoke from './live-revoke.ts'
import liveStatus from './live-status.ts'
import members from './members.ts'
import modelApprove from './model-approve.ts'
import modelCancel from './model-cancel.ts'
import modelDecline from './model-decline.ts'
import modelExplain from './model-explain.ts'
import modelHealth from './model-health.ts'
import modelList from './model-list.ts'
import modelPromote from './model-promote.ts'
import modelRollback from './model-rollback.ts'
import modelStatus from './model-status.ts'
import modelTrain from './model-train.ts'
import mute from './mute.ts'
import oncall from './oncall.ts'
import orders from './orders.ts'
import pnl from './pnl.ts'
import positions from './positions.ts'
import report from './report.ts'
import riskAccept from './risk-accept.ts'
import riskApprove from './risk-approve.ts'
import riskConfirm from './risk-confirm.ts'
import riskDecline from './risk-decline.ts'
import riskFlatten from './risk-flatten.ts'
import riskHalt from './risk-halt.ts'
import riskLimits from './risk-limits.ts'
import riskReconcile from './risk-reconcile.ts'
import riskReduce from './risk-reduce.ts'
import riskResume from './risk-resume.ts'
import riskSet from './risk-set.ts'
import riskStatus from './risk-status.ts'
import role from './role.ts'
import settings from './settings.ts'
import start from './start.ts'
import subscribe from './subscribe.ts'
import version from './version.ts'
import whoami from './whoami.ts'

/** Everything people can say, in the order of /help. */
export const commands: readonly Command[] = [
  start,
  help,
  hedgeStatus,
  hedgePropose,
  hedgeResize,
  hedgeWhy,
  hedgePause,
  hedgeResume,
  hedgeCancel,
  hedgeHistory,
  approve,
  decline,
  positions,
  orders,
  funding,
  pnl,
  report,
  liqMap,
  liqClusters,
  liqExplain,
  liqCalibration,
  alerts,
  ack,
  subscribe,
  mute,
  oncall,
  deliveries,
  riskStatus,
  riskLimits,
  riskSet,
  riskApprove,
  riskDecline,
  riskHalt,
  riskReduce,
  riskFlatten,
  riskConfirm,
  riskResume,
  riskReconcile,
  riskAccept,
  liveStatus,
  liveRequest,
  liveApprove,
  liveRevoke,
  modelStatus,
  modelList,
  modelExplain,
  modelHealth,
  modelPromote,
  modelApprove,
  modelDecline,
  modelRollback,
  modelTrain,
  modelCancel,
  whoami,
  settings,
  link,
  members,
  invite,
  role,
  audit,
  version,
]
