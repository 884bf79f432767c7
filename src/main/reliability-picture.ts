import { writeFile } from 'node:fs/promises'
import type { HorizonReport } from '../../models/confidence-report.ts'
import { drawPicture } from '../charts/draw.ts'
import { formatPercent } from '../domain/format.ts'
import type { ReliabilityPicture } from '../domain/picture.ts'

/** The reliability diagram of a report: the confidence, and distance and volatility alone beside it. */
export const reliabilityPicture = (
  row: Pick<HorizonReport, 'reliability' | 'reliabilityDistanceOnly' | 'ece' | 'samples' | 'episodes'>,
  { title, subtitle }: { title: string; subtitle: string },
): ReliabilityPicture => ({
  kind: 'reliability',
  title,
  subtitle,
  alt: `${title}: ${row.samples} clusters, ${row.episodes} episodes, expected calibration error ${formatPercent(row.ece)}. Forecast and outcome by bin: ${row.reliability
    .map(({ meanProbability, rate }) => `${formatPercent(meanProbability)} came ${formatPercent(rate)}`)
    .join('; ')}.`,
  curves: [
    { name: 'confidence', bins: row.reliability },
    { name: 'distance and volatility alone', bins: row.reliabilityDistanceOnly },
  ],
})

export async function writeReliability(
  file: string,
  row: HorizonReport,
  words: { title: string; subtitle: string },
): Promise<void> {
  await writeFile(file, drawPicture(reliabilityPicture(row, words)).png)
}
