import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONTENDERS, type StudyInputs, studySlippage } from '../backtest/slippage.ts'
import { type SlippageSource, syntheticMinutes } from '../backtest/slippage-market.ts'
import { formatSlippage, type SlippageReport } from '../backtest/slippage-report.ts'
import { readRecordings } from './slippage-data.ts'
import { report as say } from './terminal.ts'

const REPORT = fileURLToPath(new URL('../../docs/reports/slippage.md', import.meta.url))
const PARENTS = 200
const SEED = 1
const SYNTHETIC_DAYS = 40
/** One size, where the desk usually trades. */
const SENSITIVITY_SIZE = 1e-4

export interface SlippageOptions {
  readonly parents: number
  readonly seed: number
  readonly data?: string
  /** Writes docs/reports/slippage.md. */
  readonly report?: boolean
  readonly json?: boolean
}

/** `slippage`: what the schedules cost against one market sweep of the same parents, by source and size. */
export async function runSlippage(options: SlippageOptions): Promise<void> {
  const { parents, seed, data } = options
  const sources: readonly SlippageSource[] = [
    syntheticMinutes(SYNTHETIC_DAYS, seed),
    ...(data === undefined ? [] : readRecordings(data)),
  ]
  const run = (what: string, over: Partial<StudyInputs>) =>
    studySlippage({ sources, parents, seed, ...over, onProgress: (cell) => say(`${what}: ${cell}`) })
  const study = run('Schedules', {})
  const changed = (what: string, terms: StudyInputs['terms']) => ({
    what,
    study: run(what, { terms, sizes: [SENSITIVITY_SIZE], contenders: CONTENDERS.slice(0, 1) }),
  })
  const found: SlippageReport = {
    command: commandOf(options),
    study,
    sensitivities: [
      changed('spread 0.2 bps', { spread: 0.2 }),
      changed('makers pay what takers pay, 5 bps', { makerFee: 5 }),
      changed('both fees nought', { makerFee: 0, takerFee: 0 }),
    ],
  }
  say('')
  const text = formatSlippage(found)
  if (options.report) {
    await mkdir(dirname(REPORT), { recursive: true })
    await writeFile(REPORT, text)
  }
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : text)
}

const commandOf = ({ parents, seed, data, report }: SlippageOptions): string =>
  [
    'npm run breakwater -- slippage',
    ...(data === undefined ? [] : [`--data ${data}`]),
    ...(parents === PARENTS ? [] : [`--parents ${parents}`]),
    ...(seed === SEED ? [] : [`--seed ${seed}`]),
    ...(report ? ['--report'] : []),
  ].join(' ')
