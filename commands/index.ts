import type { Command } from '../src/chat/command.ts'
import alerts from './alerts.ts'
import approve from './approve.ts'
import decline from './decline.ts'
import hedgeHistory from './hedge-history.ts'
import hedgePropose from './hedge-propose.ts'
import hedgeStatus from './hedge-status.ts'
import help from './help.ts'
import liqCalibration from './liq-calibration.ts'
import liqClusters from './liq-clusters.ts'
import liqExplain from './liq-explain.ts'
import liqMap from './liq-map.ts'
import modelStatus from './model-status.ts'
import riskHalt from './risk-halt.ts'
import riskReduce from './risk-reduce.ts'
import riskResume from './risk-resume.ts'
import riskStatus from './risk-status.ts'

/** Everything people can say, in the order of /help. */
export const commands: readonly Command[] = [
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
]
