import type { Tick } from '../../../src/domain/market/tick.ts'
import type { MarketSource } from '../../../src/ports.ts'

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Everything a source publishes, in order of receipt. */
export const ticksOf = async (source: MarketSource): Promise<Tick[]> =>
  (await collect(source.steps())).flatMap((step) => step.ticks)
