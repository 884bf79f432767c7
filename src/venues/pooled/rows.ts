import { createReadStream, existsSync } from 'node:fs'
import { basename } from 'node:path'
import { createGunzip } from 'node:zlib'
import { type DurationMs, type TimestampMs, timestamp } from '../../domain/units.ts'

/** One row of a file of many coins; cells by their place in the header. */
export interface Row {
  readonly at: TimestampMs
  readonly symbol: string
  readonly line: number
  readonly cells: readonly string[]
}

export interface Table {
  readonly name: string
  /** The place of a column; undefined where there is none. */
  column(name: string): number | undefined
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)(?::(\d\d)(?::(\d\d))?)?Z$/

/**
 * Reads a file whose columns begin `time, symbol`, row by row, without ever holding it: a row of a symbol that is not wanted
 * costs no more than finding its end.
 *
 * @param csv - its path without `.gz`; plain or gzipped
 * @param grid - labels that are not on it are told to `onProblem` and passed over, as is a row with too few or many cells
 * @param isWanted - asked once for each run of rows of a symbol
 * @returns what the file is, or undefined when there is none
 * @throws {Error} when it has another header or cannot be decompressed
 */
export async function eachRow(
  csv: string,
  {
    grid,
    isWanted,
    onProblem,
    onRow,
  }: {
    grid: DurationMs
    isWanted: (symbol: string) => boolean
    onProblem: (problem: string) => void
    onRow: (row: Row, table: Table) => void
  },
): Promise<Table | undefined> {
  const path = [`${csv}.gz`, csv].find((file) => existsSync(file))
  if (!path) return undefined
  const name = basename(path)
  let table: Table | undefined
  let width = 0
  let line = 0
  let symbol = ''
  let wanted = false
  const times = new Map<string, TimestampMs | undefined>()

  const readLine = (text: string, from: number, to: number): void => {
    line++
    if (!table) {
      const header = text.slice(from, to).split(',')
      if (header[0] !== 'time' || header[1] !== 'symbol') {
        throw new Error(`a header of "${header.slice(0, 3).join(',')}…"`)
      }
      width = header.length
      const places = new Map(header.map((column, place) => [column, place]))
      table = { name, column: (column) => places.get(column) }
      return
    }
    if (to === from) return
    const first = text.indexOf(',', from) + 1
    const isSame = text.startsWith(symbol, first) && text.charCodeAt(first + symbol.length) === COMMA
    if (!isSame || symbol === '') {
      const end = text.indexOf(',', first)
      symbol = first === 0 || end === -1 || end > to ? '' : text.slice(first, end)
      wanted = symbol !== '' && isWanted(symbol)
      if (symbol === '') onProblem(`${name} line ${line}: Expected ${width} cells, was fewer; row skipped`)
    }
    if (!wanted) return
    const cells = text.slice(from, to).split(',')
    if (cells.length !== width) {
      onProblem(`${name} line ${line}: Expected ${width} cells, was ${cells.length}; row skipped`)
      return
    }
    // The same hours come again with every coin.
    if (!times.has(cells[0]!)) times.set(cells[0]!, parseTime(cells[0]!))
    const at = times.get(cells[0]!)
    if (at === undefined || at % grid !== 0) {
      onProblem(`${name} line ${line} column time: Expected a UTC time on the grid, was "${cells[0]}"; row skipped`)
      return
    }
    onRow({ at, symbol, line, cells }, table)
  }

  const raw = createReadStream(path, { highWaterMark: 1 << 18 })
  const input = path.endsWith('.gz') ? raw.pipe(createGunzip({ chunkSize: 1 << 18 })) : raw
  raw.on('error', (error) => input.destroy(error))
  let rest = ''
  try {
    for await (const chunk of input) {
      // Symbols and figures are plain ASCII.
      const text = rest + (chunk as Buffer).toString('latin1')
      let from = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
        readLine(text, from, text.charCodeAt(end - 1) === RETURN ? end - 1 : end)
        from = end + 1
      }
      rest = text.slice(from)
    }
    if (rest !== '') readLine(rest, 0, rest.length)
    if (!table) throw new Error('an empty file')
  } catch (error) {
    throw new Error(
      `Expected rows beginning "time,symbol" at ${path}, was: ${(error as Error).message}. Replace the file.`,
      { cause: error },
    )
  }
  return table
}

const COMMA = 44
const RETURN = 13

/** `2022-01-01T00Z`, `2023-05-05T16:00Z` and `2025-05-15T20:00:00Z`. */
function parseTime(text: string): TimestampMs | undefined {
  const parts = TIME.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour, minute = '0', second = '0'] = parts
  const at = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute, +second)
  return new Date(at).getUTCDate() === +day! && +hour! < 24 ? timestamp(at) : undefined
}
