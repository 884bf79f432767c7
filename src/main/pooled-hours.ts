import { join } from 'node:path'
import { collectHours } from '../../models/dataset.ts'
import type { AssetHours } from '../../models/samples.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { TimestampMs } from '../domain/units.ts'
import { pooledAssets } from '../venues/pooled/assets.ts'
import { createPooledMarket } from '../venues/pooled/market.ts'
import type { Say } from './hours.ts'

/**
 * Hours of the further coins with the longest history, to learn from: one at a time, since each is held while it is read.
 *
 * @param folder - of `--data`; its folder `multi` holds many coins
 * @throws {Error} when there are fewer such coins: value and remedy
 */
export async function pooledHours(
  folder: string,
  {
    count,
    besides,
    to,
    say,
    signal,
  }: { count: number; besides: readonly Asset[]; to?: TimestampMs; say: Say; signal?: AbortSignal },
): Promise<readonly AssetHours[]> {
  const multi = join(folder, 'multi')
  const others = (await pooledAssets(multi)).filter(({ asset }) => !besides.includes(asset))
  if (others.length < count)
    throw new Error(
      `Expected --pool of at most ${others.length}, as many coins as ${multi} holds beside ${besides.join(' and ')}, was ${count}.`,
    )
  const all: AssetHours[] = []
  for (const [k, { asset, from }] of others.slice(0, count).entries()) {
    say(k / count, `reading ${asset}`)
    const source = await createPooledMarket({ folder: multi, assets: [asset], from, to })
    try {
      all.push(...(await collectHours(source, { phases: [0], signal })))
    } finally {
      await source.close()
    }
  }
  return all
}
