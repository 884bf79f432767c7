import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TimestampMs } from '../../domain/units.ts'
import { formatLabel } from './labels.ts'

/** A panel being filled: rows by label, columns in the order in which they first had a value. */
export interface Grid {
  set(label: TimestampMs, column: string, value: number): void
  get(label: TimestampMs, column: string): number | undefined
  readonly isEmpty: boolean
  /** Gzipped CSV, oldest row first, empty where nothing is known. */
  write(path: string): Promise<void>
}

export function createGrid(): Grid {
  const rows = new Map<TimestampMs, Map<string, number>>()
  const columns = new Set<string>()
  return {
    set(label, column, value) {
      columns.add(column)
      const row = rows.get(label)
      if (row) row.set(column, value)
      else rows.set(label, new Map([[column, value]]))
    },
    get: (label, column) => rows.get(label)?.get(column),
    get isEmpty() {
      return rows.size === 0
    },
    async write(path) {
      const header = [...columns]
      function* lines(): Generator<string> {
        yield `${['time', ...header].join(',')}\n`
        for (const label of [...rows.keys()].sort((a, b) => a - b)) {
          const row = rows.get(label)!
          yield `${[formatLabel(label), ...header.map((column) => row.get(column) ?? '')].join(',')}\n`
        }
      }
      await pipeline(Readable.from(lines()), createGzip(), createWriteStream(path))
    },
  }
}
