import { createReadStream, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import type { TimestampMs } from '../../domain/units.ts'
import { panelName, WANTED } from './columns.ts'
import { formatLabel, type Grain, parseLabel } from './labels.ts'

export interface PanelRow {
  readonly label: TimestampMs
  readonly line: number
  /** The number in a column, or undefined where the cell is empty or the file has no such column. */
  value(column: string): number | undefined
}

export interface PanelFile {
  readonly name: string
  readonly columns: readonly string[]
  /** Within the range asked for, oldest first, each label once. */
  readonly rows: readonly PanelRow[]
  /** Of the whole file. */
  readonly firstLabel?: TimestampMs
  readonly lastLabel?: TimestampMs
}

export interface Range {
  readonly from: TimestampMs
  readonly to: TimestampMs
}

/**
 * Reads one panel, keeping only rows whose label is in [from, to) and only columns with a feed.
 *
 * @returns undefined when there is no such file
 * @throws {Error} as `readTable`
 */
export const readPanel = (
  folder: string,
  { asset, ...rest }: { grain: Grain; asset: string; range: Range; onProblem: (problem: string) => void },
): Promise<PanelFile | undefined> =>
  readTable(join(folder, panelName(rest.grain, asset)), { ...rest, isWanted: (name) => WANTED[rest.grain].test(name) })

/**
 * Reads one file of rows labelled in time, plain or gzipped, keeping only rows whose label is in [from, to).
 *
 * Other rows are passed over without being parsed, so a week of a five-year file costs its decompression. A row with a bad
 * label, a wrong number of cells or a cell that is no number is skipped and told to `onProblem` with file, line and column.
 *
 * @param csv - its path without `.gz`
 * @returns undefined when there is no such file
 * @throws {Error} when the file has no header or cannot be decompressed
 */
export async function readTable(
  csv: string,
  {
    grain,
    range,
    isWanted,
    onProblem,
  }: { grain: Grain; range: Range; isWanted: (column: string) => boolean; onProblem: (problem: string) => void },
): Promise<PanelFile | undefined> {
  const path = [`${csv}.gz`, csv].find((file) => existsSync(file))
  if (!path) return undefined
  const name = basename(path)

  // Labels sort as text, so most rows are judged by their first 13 characters (to the hour).
  const [fromText, toText] = [hourOf(range.from), hourOf(range.to)]
  const rows = new Map<TimestampMs, PanelRow>()
  let columns: readonly string[] | undefined
  let wanted: readonly { name: string; index: number }[] = []
  let [first, last]: [string | undefined, string | undefined] = [undefined, undefined]
  let line = 0

  const readRow = (text: string): void => {
    const cells = splitLine(text)
    const at = `${name} line ${line}`
    if (!cells || cells.length !== columns!.length) {
      onProblem(
        `${at}: Expected ${columns!.length} cells, was ${cells ? cells.length : 'not readable as CSV'}; row skipped`,
      )
      return
    }
    const label = parseLabel(cells[0]!, grain)
    if (label === undefined) {
      onProblem(`${at} column time: Expected a UTC time on the ${grain} grid, was "${cells[0]}"; row skipped`)
      return
    }
    if (rows.has(label)) {
      onProblem(`${at} column time: Expected each time once, was ${cells[0]} again; row skipped`)
      return
    }
    const values = new Map<string, number>()
    for (const column of wanted) {
      const cell = cells[column.index]!
      if (cell === '') continue
      const value = Number(cell)
      if (!Number.isFinite(value)) {
        onProblem(`${at} column ${column.name}: Expected a number, was "${cell}"; row skipped`)
        return
      }
      values.set(column.name, value)
    }
    rows.set(label, { label, line, value: (column) => values.get(column) })
  }

  const raw = createReadStream(path)
  const input = name.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  raw.on('error', (error) => input.destroy(error))
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (!columns) {
        columns = splitLine(text.replace(/^\uFEFF/, '')) ?? []
        wanted = columns.flatMap((column, index) => (isWanted(column) ? [{ name: column, index }] : []))
        if (columns[0] !== 'time') break
        continue
      }
      if (text === '') continue
      const hour = text.slice(0, 13)
      if (HOUR_TEXT.test(hour)) {
        if (first === undefined || hour < first) first = hour
        if (last === undefined || hour > last) last = hour
        if (hour < fromText || hour >= toText) continue
      }
      readRow(text)
    }
  } catch (error) {
    throw new Error(`Expected a readable panel at ${path}, was: ${(error as Error).message}. Replace the file.`, {
      cause: error,
    })
  }
  if (columns?.[0] !== 'time') {
    throw new Error(
      `Expected a header starting with "time" in ${path}, was ${columns ? `"${columns[0]}"` : 'an empty file'}. See the data folder's description for the layout.`,
    )
  }
  return {
    name,
    columns: wanted.map((column) => column.name),
    rows: [...rows.values()].sort((a, b) => a.label - b.label),
    firstLabel: first === undefined ? undefined : parseLabel(first, grain),
    lastLabel: last === undefined ? undefined : parseLabel(last, grain),
  }
}

const HOUR_TEXT = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])$/
const hourOf = (at: TimestampMs): string => formatLabel(at).slice(0, 13)

/** Each line by itself, so that one broken quote cannot swallow the rows after it. */
function splitLine(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(',')
  try {
    return (parse(text, { relax_column_count: true }) as string[][])[0]
  } catch {
    return undefined
  }
}
