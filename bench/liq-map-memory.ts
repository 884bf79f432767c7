/** A program of its own: holds what it is told to, and prints its resident memory in MB after collecting garbage. */
import { bareRebuild } from './limits/liq-map-rebuild.ts'
import { hoursOf, rebuild } from './liq-map-rebuild.ts'

const HOURS = 2 * 365 * 24
const held: unknown[] = []
switch (process.argv[2]) {
  case 'held':
    for (const asset of ['ETH', 'BTC']) held.push(rebuild(hoursOf(asset, HOURS), asset))
    break
  case 'bare':
    for (const asset of ['ETH', 'BTC']) held.push(bareRebuild(hoursOf(asset, HOURS)))
    break
}
for (let i = 0; i < 3; i++) globalThis.gc!()
process.stdout.write(String(process.memoryUsage.rss() / 1e6))
setImmediate(() => held.length) // nothing of it may be collected before it was measured
