import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRungName } from '../../models/ladder.ts'
import { RUNG_NAMES, type RungName } from '../../models/rung.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { TimestampMs } from '../domain/units.ts'
import { recordedSpan, type Window } from './recorded.ts'

/** @throws {Error} when one of them is not recorded by the hour: value and remedy */
export async function spansOf(folder: string, assets: readonly Asset[]): Promise<ReadonlyMap<Asset, Window>> {
  const spans = new Map<Asset, Window>()
  for (const asset of assets) {
    const span = await recordedSpan(folder, asset)
    if (!span) {
      const there = readdirSync(folder).flatMap((name) => /^panel_1h_([A-Z0-9]+)\.csv/.exec(name)?.[1] ?? [])
      throw new Error(
        `Expected --symbol among the hourly panels of ${folder} (${[...new Set(there)].sort().join(', ') || 'none there'}), was ${asset}. Choose one of these, or add panel_1h_${asset}.csv.gz.`,
      )
    }
    spans.set(asset, span)
  }
  return spans
}

/** @throws {Error} when a window does not lie in the record of every asset: value and remedy */
export function checkInside(
  spans: ReadonlyMap<Asset, Window>,
  { from, to }: Window,
  names: readonly [from: string, to: string],
): void {
  for (const [asset, span] of spans) {
    if (from > span.from && to <= span.to) continue
    const [name, at] = from > span.from ? [names[1], to] : [names[0], from]
    throw new Error(
      `Expected ${name} within the record of ${asset} (${minute(span.from)} to ${minute(span.to)}), was ${minute(at)}. Choose a date inside it, or a folder that holds more.`,
    )
  }
}

const minute = (at: TimestampMs | number): string => `${new Date(at).toISOString().slice(0, 16)}Z`

/** `all`, or names of rungs in the order of the ladder. */
export function parseRungs(text: string): readonly RungName[] {
  if (text === 'all') return RUNG_NAMES
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const unknown = names.find((name) => !isRungName(name))
  if (unknown !== undefined || names.length === 0)
    throw new Error(
      `Expected --models all or some of ${RUNG_NAMES.join(', ')}, was ${unknown ?? 'none'}. Choose among these, with commas between.`,
    )
  return RUNG_NAMES.filter((name) => names.includes(name))
}

/** Fingerprint of the panels of these assets: the same files give the same one. */
export async function hashOfPanels(folder: string, assets: readonly Asset[]): Promise<string> {
  const hash = createHash('sha256')
  const files = readdirSync(folder).filter((name) => {
    const asset = /^panel_(?:1h|4h|1d)_([A-Z0-9]+)\.csv(?:\.gz)?$/.exec(name)?.[1]
    return asset !== undefined && assets.includes(asset)
  })
  for (const name of files.sort()) hash.update(`${name}\n`).update(await readFile(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}
