import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfidence } from '../../models/confidence-file.ts'
import { type Recorded, readRecorded, type ValidationReport, validate } from '../backtest/recorded-validation.ts'
import { formatValidation } from '../backtest/validation-report.ts'
import { type TimestampMs, timestamp } from '../domain/units.ts'
import { ARTIFACT_FOLDER } from './artifacts.ts'
import { assetsToFit, checkWindow, openRecorded, panelFolder } from './recorded.ts'
import { writeReliability } from './reliability-picture.ts'
import { report as say } from './terminal.ts'

const REPORTS = fileURLToPath(new URL('../../models/reports', import.meta.url))

export interface ValidateOptions {
  readonly data: string
  readonly symbol: string
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly refit?: number
  readonly out?: string
  /** Writes models/reports. */
  readonly report?: boolean
  readonly json?: boolean
}

/** `liq-validate`: the map and its confidence on recorded markets, fitted on what lies before the window. */
export async function runLiqValidate(options: ValidateOptions): Promise<void> {
  const { from, to } = options
  checkWindow(options)
  const symbol = options.symbol.toUpperCase()
  const folder = panelFolder(options.data)
  const [real, placebo]: [Recorded[], Recorded[]] = [[], []]
  for (const each of await assetsToFit(folder, { asset: symbol, from, to })) {
    const { asset } = each
    say(`Reading ${asset}`)
    const { market, source } = await openRecorded(folder, each)
    real.push(await readRecorded(market))
    say(`Reading ${asset}, with open interest of another month`)
    placebo.push(await readRecorded(market, 'placebo'))
    await source.close()
  }
  say('Judging')
  const simulated = (await readConfidence(ARTIFACT_FOLDER))?.horizons
  const result = validate(real, placebo, { symbol, from, to, refitDays: options.refit, simulated })
  say('')
  if (options.report || options.out !== undefined) await writeReport(result, options)
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : formatValidation(result, commandOf(options)))
}

async function writeReport(result: ValidationReport, options: ValidateOptions): Promise<void> {
  const folder = options.out ?? REPORTS
  const name = `liquidation-map-${result.symbol.toLowerCase()}`
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.md`), formatValidation(result, commandOf(options)))
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`)
  const day = result.horizons['24h']
  if ('undetermined' in day) return
  await writeReliability(join(folder, `${name}.png`), day, {
    title: `${result.symbol}: confidence of liquidation clusters within 24 h`,
    subtitle: `recorded, ${result.from.slice(0, 10)} to ${result.to.slice(0, 10)}, ${day.samples} clusters, ${day.episodes} episodes`,
  })
}

/** As someone else would type it, whatever the folder was called here. */
function commandOf({ symbol, from, to, refit }: ValidateOptions): string {
  const date = (at: TimestampMs): string => new Date(at).toISOString().replace(':00.000Z', 'Z')
  const window = `--symbol ${symbol.toUpperCase()} --from ${date(from)} --to ${date(timestamp(to))}`
  return `npm run breakwater -- liq-validate --data ../shared/data ${window}${refit === undefined ? '' : ` --refit ${refit}`} --report`
}
