import type { Picture } from '../domain/picture.ts'
import { effectivenessChart } from './effectiveness.ts'
import { leadTimeChart } from './lead-time.ts'
import { liquidationMapChart } from './liquidation-map.ts'
import { liquidationProfileChart } from './liquidation-profile.ts'
import { modelHealthChart } from './model-health.ts'
import { precisionRecallChart } from './precision-recall.ts'
import { reliabilityChart } from './reliability.ts'
import { statusCard } from './status-card.ts'
import { type ChartOptions, PICTURE_WIDTH } from './theme.ts'
import { waterfallChart } from './waterfall.ts'

/** What every picture is laid out for, px; plots stretch beyond it, text keeps its size. */
export const PICTURE_SIZE = { width: PICTURE_WIDTH, height: 1000 } as const

/**
 * ECharts options of a picture, for a page that has ECharts as well as for `drawPicture`: plain data but for formatters and
 * `renderItem` functions, so a page makes them itself, from the picture.
 *
 * @throws {RangeError} for a map without a snapshot
 */
export function chartOptions(picture: Picture, { dark = false }: { dark?: boolean } = {}): ChartOptions {
  switch (picture.kind) {
    case 'liquidation-map':
      return liquidationMapChart(picture, { dark })
    case 'liquidation-profile':
      return liquidationProfileChart(picture, { dark })
    case 'reliability':
      return reliabilityChart(picture, { dark })
    case 'precision-recall':
      return precisionRecallChart(picture, { dark })
    case 'lead-time':
      return leadTimeChart(picture, { dark })
    case 'status':
      return statusCard(picture, { dark })
    case 'effectiveness':
      return effectivenessChart(picture, { dark })
    case 'model-health':
      return modelHealthChart(picture, { dark })
    case 'waterfall':
      return waterfallChart(picture, { dark })
  }
}
