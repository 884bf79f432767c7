/**
 * The ledger of the reserved stretch: whoever has looked at it once has used it up, so every look is entered, and a second one
 * says why.
 *
 * @module
 * @see specification §2.3
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { canonicalJson, sha256 } from '../../src/domain/hash.ts'
import type { Asset } from '../../src/domain/market/tick.ts'
import { readIfThere, writeJson } from '../artifact.ts'
import type { RungName } from '../rung.ts'
import { PRICE_ONLY } from '../targets.ts'
import { type LadderReport, pooledCell } from './ladder-report.ts'
import { RUNG_TITLES } from './words.ts'

/** Kept back for one evaluation: what is claimed rests on it alone. [from, to) */
export const RESERVED = { from: Date.UTC(2024, 6, 15), to: Date.UTC(2025, 8, 1) } as const

export interface LedgerFigure {
  readonly rung: RungName
  readonly target: string
  readonly samples: number
  readonly marketEpisodes: number
  readonly lift: number
  readonly brierSkill: number
  /** Over the rung below, with its 95 % interval. */
  readonly brierSkillOverBelow?: { readonly value: number; readonly low: number; readonly high: number }
}

export interface LedgerEntry {
  /** ISO 8601. */
  readonly evaluatedAt: string
  readonly command: string
  readonly codeVersion: string
  /** Of the files that were read. */
  readonly dataHash: string
  readonly rungs: readonly RungName[]
  readonly assets: readonly Asset[]
  readonly seed: number
  /** The part of the reserved stretch that was judged on, ISO 8601. */
  readonly window: readonly [from: string, to: string]
  readonly figures: readonly LedgerFigure[]
  /** Why it was looked at again. */
  readonly again?: string
}

/** An entry as it stands in the file: each seals the one before it, so that none can be changed or taken out unseen. */
export interface SealedEntry extends LedgerEntry {
  readonly seal: string
}

export interface Ledger {
  readonly file: string
  readonly entries: readonly SealedEntry[]
}

const NAME = 'ledger'

/** @throws {Error} when the file is no ledger, or an entry was changed or taken out */
export async function readLedger(folder: string): Promise<Ledger> {
  const file = path.join(folder, `${NAME}.json`)
  const text = await readIfThere(file)
  if (text === undefined) return { file, entries: [] }
  let entries: SealedEntry[]
  try {
    entries = JSON.parse(text) as SealedEntry[]
  } catch (error) {
    throw new Error(`Expected JSON in ${file}, was not: ${(error as Error).message}. ${REMEDY}`)
  }
  let before = ''
  for (const [k, { seal, ...entry }] of entries.entries()) {
    if (sealOf(before, entry) !== seal)
      throw new Error(`Expected entry ${k + 1} of ${file} as it was written, was changed. ${REMEDY}`)
    before = seal
  }
  return { file, entries }
}

const REMEDY = 'Take the file back from the history of the repository: the ledger is only ever added to.'

const sealOf = (before: string, entry: LedgerEntry): string => sha256(`${before}\n${canonicalJson(entry)}`).slice(0, 16)

/** The part of a span that lies in the reserved stretch. */
export function reservedPart([from, to]: readonly [number, number]): readonly [number, number] | undefined {
  const [first, last] = [Math.max(from, RESERVED.from), Math.min(to, RESERVED.to)]
  return first < last ? [first, last] : undefined
}

/**
 * Looks at the stretch that were taken before: of the same rung, on hours of the same asset. A folder with more history, or other
 * features, does not make hours unseen.
 */
export function earlierLooks(
  { entries }: Ledger,
  {
    rungs,
    assets,
    window,
  }: { rungs: readonly RungName[]; assets: readonly Asset[]; window: readonly [number, number] },
): readonly SealedEntry[] {
  return entries.filter(
    (entry) =>
      entry.rungs.some((rung) => rungs.includes(rung)) &&
      entry.assets.some((asset) => assets.includes(asset)) &&
      Date.parse(entry.window[0]) < window[1] &&
      Date.parse(entry.window[1]) > window[0],
  )
}

/** Those of the asked rungs that such looks were at. */
export const seenBefore = (ledger: Ledger, asked: Parameters<typeof earlierLooks>[1]): readonly RungName[] => {
  const looks = earlierLooks(ledger, asked)
  return asked.rungs.filter((rung) => looks.some((look) => look.rungs.includes(rung)))
}

/** @throws {Error} when what is asked for was looked at before and no reason is given: who, when, and the remedy */
export function checkLook(
  ledger: Ledger,
  asked: Parameters<typeof earlierLooks>[1],
  { again }: { again: string | undefined },
): void {
  const [first] = earlierLooks(ledger, asked)
  if (!first || again !== undefined) return
  const rungs = first.rungs.filter((rung) => asked.rungs.includes(rung)).join(', ')
  const assets = first.assets.filter((asset) => asked.assets.includes(asset)).join(', ')
  throw new Error(
    `Expected the first evaluation of ${rungs} on ${assets} in the stretch kept back for one (${day(RESERVED.from)} to ${day(RESERVED.to - 1)}), was entered in ${ledger.file} on ${first.evaluatedAt.slice(0, 10)} already. ` +
      'Judge on earlier dates with --test-to, or say with --again "<why>" why it has to be looked at again: that is entered too.',
  )
}

/** Adds an entry and writes the ledger anew, as JSON and to be read. */
export async function enterLook(ledger: Ledger, entry: LedgerEntry): Promise<Ledger> {
  const plain = JSON.parse(JSON.stringify(entry)) as LedgerEntry
  const sealed = { ...plain, seal: sealOf(ledger.entries.at(-1)?.seal ?? '', plain) }
  const entries = [...ledger.entries, sealed]
  await writeJson(ledger.file, entries)
  await writeFile(ledger.file.replace(/\.json$/, '.md'), formatLedger(entries))
  return { ...ledger, entries }
}

/** What of a report is entered: the price-only targets over all assets. */
export function figuresOf(report: LadderReport, rungs: readonly RungName[]): readonly LedgerFigure[] {
  return PRICE_ONLY.flatMap((target) => {
    const cell = pooledCell(report, target)
    return (cell?.rows ?? [])
      .filter(({ rung }) => rungs.includes(rung))
      .map(({ rung, scores, comparisons: [below] }) => ({
        rung,
        target,
        samples: scores.samples,
        marketEpisodes: cell!.marketEpisodes,
        lift: scores.lift,
        brierSkill: scores.brierSkill,
        ...(below && below.against !== 'training rate'
          ? { brierSkillOverBelow: { value: below.brierSkill.value, ...below.brierSkill.intervals[95] } }
          : {}),
      }))
  })
}

export function formatLedger(entries: readonly SealedEntry[]): string {
  return [
    '# Ledger of the reserved stretch',
    '',
    `Decisions from ${day(RESERVED.from)} to ${day(RESERVED.to - 1)} were kept back: claims of skill rest on them alone, and on the first look. Every look is entered here by \`evaluate\`; entries are only ever added, and each seals the one before it (\`ledger.json\`).`,
    '',
    ...entries.flatMap((entry, k) => [
      `## ${k + 1}. ${entry.evaluatedAt.slice(0, 16).replace('T', ' ')} UTC${entry.again === undefined ? '' : ': looked at again'}`,
      '',
      ...(entry.again === undefined ? [] : [`Why again: ${entry.again}`, '']),
      `\`${entry.command}\``,
      '',
      `${entry.assets.join(' and ')}, ${entry.window.map((at) => at.slice(0, 10)).join(' to ')}; code ${entry.codeVersion}, data ${entry.dataHash}, seed ${entry.seed}, seal ${entry.seal}.`,
      '',
      '| target | rung | decisions | episodes | lift | Brier skill | over the rung below, 95 % |',
      '|---|---|---|---|---|---|---|',
      ...entry.figures.map(
        ({ target, rung, samples, marketEpisodes, lift, brierSkill, brierSkillOverBelow: over }) =>
          `| ${target} | ${RUNG_TITLES[rung]} | ${samples} | ${marketEpisodes} | ${number(lift)} | ${percent(brierSkill)} | ${over ? `${percent(over.value)} [${percent(over.low)}, ${percent(over.high)}]` : ''} |`,
      ),
      '',
    ]),
  ].join('\n')
}

const number = (value: number | null): string => (value === null || !Number.isFinite(value) ? '–' : value.toFixed(2))
const percent = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? '–' : `${(value * 100).toFixed(1)} %`
const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
