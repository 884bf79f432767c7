/**
 * Recorded panels cut to a stretch of time, and continued with rows that never happened.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { DAY } from '../../src/domain/units.ts'
import type { Cleanup } from '../support/database.ts'

export const PANELS = fileURLToPath(new URL('../../../shared/data/panel', import.meta.url))
/** Why tests on recorded panels are skipped; false where they need not be. */
export const withoutPanels = existsSync(PANELS) ? false : 'no recorded panels in ../shared/data/panel'

export interface Stretch {
  /** Rows labelled from here on. */
  readonly since: string
  /** Rows labelled before this; default all. */
  readonly until?: string
  /** So many days after the end, made of the days before it with every figure times this. */
  readonly afterwards?: { readonly days: number; readonly times: number }
}

/** A folder of its own with the panels of every asset, removed after the test. */
export async function writePanels(t: Cleanup, { since, until = '9', afterwards }: Stretch): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-panels-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const name of await readdir(PANELS)) {
    const [header = '', ...all] = gunzipSync(await readFile(join(PANELS, name)))
      .toString()
      .split('\n')
    const rows = all.filter((row) => row !== '' && row >= since && row < until)
    const later = afterwards ? continued(rows, afterwards) : []
    await writeFile(join(folder, name.replace(/\.gz$/, '')), `${[header, ...rows, ...later].join('\n')}\n`)
  }
  return folder
}

function continued(rows: readonly string[], { days, times }: { days: number; times: number }): readonly string[] {
  const last = labelOf(rows.at(-1)!)
  return rows
    .filter((row) => labelOf(row) > last - days * DAY)
    .map((row) => {
      const [label = '', ...cells] = row.split(',')
      const moved = `${new Date(labelOf(label) + days * DAY).toISOString().slice(0, 19)}Z`
      return [moved, ...cells.map((cell) => (cell === '' ? '' : Number(cell) * times))].join(',')
    })
}

const labelOf = (row: string): number => Date.parse(row.slice(0, row.indexOf('Z') + 1))
