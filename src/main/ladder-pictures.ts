import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LEAD_STEPS } from '../../models/evaluation/alerts.ts'
import { type EventCell, type EventRow, type LadderReport, pooledCell } from '../../models/evaluation/ladder-report.ts'
import { RUNG_TITLES } from '../../models/evaluation/words.ts'
import type { RungName } from '../../models/rung.ts'
import { type EventKey, PRICE_ONLY, targetOf } from '../../models/targets.ts'
import { drawPicture } from '../charts/draw.ts'
import { formatPercent } from '../domain/format.ts'
import type { Picture } from '../domain/picture.ts'

/** What is drawn of a ladder, by the name of its file. */
export interface LadderPicture {
  readonly name: string
  readonly picture: Picture
}

/** Reliability, precision–recall and lead time of every target that skill may be claimed on. */
export function ladderPictures(report: LadderReport): readonly LadderPicture[] {
  return PRICE_ONLY.flatMap((target) => {
    const cell = pooledCell(report, target)
    return cell ? picturesOf(report, cell) : []
  })
}

/** @returns the files written */
export async function writeLadderPictures(folder: string, report: LadderReport, prefix: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const { name, picture } of ladderPictures(report)) {
    const file = `${prefix}-${name}.png`
    await writeFile(join(folder, file), drawPicture(picture).png)
    files.push(file)
  }
  return files
}

function picturesOf(report: LadderReport, cell: EventCell): readonly LadderPicture[] {
  const rows = drawnRows(cell)
  if (rows.length === 0) return []
  const what = `${report.assets.join(' and ')}: ${wordsOf(cell.target as EventKey)}`
  const [first, last] = [report.folds[0]!.test[0], report.folds.at(-1)!.test[1]]
  const subtitle = `not fitted on: ${day(first)} to ${day(last)}, ${cell.samples} decisions, ${cell.marketEpisodes} episodes of the market`
  const named = rows.map((row) => ({ row, name: RUNG_TITLES[row.rung] }))
  const alerting = named.filter(({ row }) => row.alerts)
  const figures = (of: (row: EventRow) => string): string =>
    named.map(({ row, name }) => `${name} ${of(row)}`).join('; ')
  const pictures: LadderPicture[] = [
    {
      name: `${cell.target}-reliability`,
      picture: {
        kind: 'reliability',
        title: `${what}, said and came`,
        subtitle,
        alt: `${what}. Expected calibration error: ${figures(({ scores }) => formatPercent(scores.ece))}.`,
        curves: named.map(({ row, name }) => ({ name, bins: row.reliability ?? [] })),
      },
    },
    {
      name: `${cell.target}-precision-recall`,
      picture: {
        kind: 'precision-recall',
        title: `${what}, precision and recall`,
        subtitle,
        alt: `${what}. Average precision, ${formatPercent(cell.base)} being chance: ${figures(({ scores }) => formatPercent(scores.averagePrecision))}.`,
        curves: named.map(({ row, name }) => ({ name, points: row.precisionRecall ?? [] })),
        base: cell.base,
      },
    },
  ]
  if (alerting.length === 0) return pictures
  return [
    ...pictures,
    {
      name: `${cell.target}-lead-time`,
      picture: {
        kind: 'lead-time',
        title: `${what}, how early alerts came`,
        subtitle: `${subtitle}; thresholds for an alert a day`,
        alt: `${what}. Median hours from the first alert within three days: ${alerting.map(({ row, name }) => `${name} ${row.alerts!.lead?.median.toFixed(0) ?? 'none'}, by chance ${row.alerts!.byChance.leadMedian.toFixed(0)}`).join('; ')}.`,
        curves: alerting.map(({ row, name }) => ({ name, points: pointsOf(row.alerts!.leadShares) })),
        byChance: pointsOf(alerting[0]!.row.alerts!.byChance.leadShares),
      },
    },
  ]
}

/** The rung with the highest average precision here, the one below it, and volatility alone: as many as a picture tells apart. */
function drawnRows({ rows }: EventCell): readonly EventRow[] {
  const best = rows.toSorted((a, b) => (b.scores.averagePrecision || 0) - (a.scores.averagePrecision || 0))[0]
  if (!best) return []
  const names = new Set<RungName | undefined>([best.rung, rows[rows.indexOf(best) - 1]?.rung, 'volatility-only'])
  return [...names].flatMap((name) => rows.find(({ rung }) => rung === name) ?? [])
}

const pointsOf = (shares: readonly number[]): [number, number][] =>
  shares.flatMap((share, k) => (Number.isFinite(share) ? [[LEAD_STEPS[k]!, share] as [number, number]] : []))

const wordsOf = (target: EventKey): string => {
  const { name, horizonHours } = targetOf(target)
  return `${name === 'cascade-down' ? 'a fall' : 'a rise'} beyond 2.5 σ within ${horizonHours} h`
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
