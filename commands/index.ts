import type { Command } from '../src/chat/command.ts'
import alerts from './alerts.ts'
import approve from './approve.ts'
import audit from './audit.ts'
import decline from './decline.ts'
import hedgeHistory from './hedge-history.ts'
import hedgePropose from './hedge-propose.ts'
import hedgeStatus from './hedge-status.ts'
import help from './help.ts'
import invite from './invite.ts'
import link from './link.ts'
import liqCalibration from './liq-calibration.ts'
import liqClusters from './liq-clusters.ts'
import liqExplain from './liq-explain.ts'
import liqMap from './liq-map.ts'
import members from './members.ts'
import modelStatus from './model-status.ts'
import riskHalt from './risk-halt.ts'
import riskReduce from './risk-reduce.ts'
import riskResume from './risk-resume.ts'
import riskStatus from './risk-status.ts'
import role from './role.ts'
import settings from './settings.ts'
import start from './start.ts'
import version from './version.ts'
import whoami from './whoami.ts'

/** Everything people can say, in the order of /help. */
export const commands: readonly Command[] = [
  start,
  help,
  hedgeStatus,
  hedgePropose,
  hedgeHistory,
  approve,
  decline,
  liqMap,
  liqClusters,
  liqExplain,
  liqCalibration,
  alerts,
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
