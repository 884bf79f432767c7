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
import members from './members.ts'
import modelStatus from './model-status.ts'
import mute from './mute.ts'
import oncall from './oncall.ts'
import orders from './orders.ts'
import pnl from './pnl.ts'
import positions from './positions.ts'
import report from './report.ts'
import riskHalt from './risk-halt.ts'
import riskReduce from './risk-reduce.ts'
import riskResume from './risk-resume.ts'
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
  riskHalt,
  riskReduce,
  riskResume,
  modelStatus,
  whoami,
  settings,
  link,
  members,
  invite,
  role,
  audit,
  version,
]
