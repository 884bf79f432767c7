import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LIVE_VENUES } from '../../src/config.ts'
import { startVenues } from '../support/venue-servers/index.ts'
import { openDataFolder, processesOn, runProduct, type Settings, startProduct } from './product.ts'

test('on live feeds the desk forecasts, hedges on paper, keeps what it received and exports it', async (t) => {
  const venues = await startVenues({ now: Date.now })
  t.after(() => venues.stop())
  const folder = await openDataFolder(t)
  const settings: Settings = {
    DATA_DIR: folder,
    MARKET: 'live',
    ASSETS: 'ETH',
    BOOK: 'ETH:10',
    SELF_APPROVAL_MAX_USD: '100000',
    TWAP_DURATION_MS: '2000',
    FORECAST_EVERY_MS: '1000',
    ...Object.fromEntries(
      LIVE_VENUES.flatMap((venue) => [
        [`${venue.toUpperCase()}_BASE_URL`, venues.endpoints[venue]?.baseUrl ?? ''],
        [`${venue.toUpperCase()}_WS_URL`, venues.endpoints[venue]?.wsUrl ?? ''],
      ]),
    ),
  }
  const desk = startProduct(t, ['start'], { settings, input: 'pipe' })
  await desk.printed(/Hedge proposed: ETH (\w{10})/)
  const proposalId = /Hedge proposed: ETH (\w{10})/.exec(desk.stdout)![1]!

  desk.say('/hedge status')
  await desk.printed(/ETH feeds/)
  assert.match(desk.stdout, /ETH forecast\s+within 1 d|ETH forecast\s+within 24 h/)
  assert.match(desk.stdout, /ETH feeds\s+bar \d+/)

  desk.say(`/approve ${proposalId}`)
  await desk.printed(/Hedge executed: ETH/)
  assert.match(desk.stdout, /Filled\s+[\d.]+ ETH of [\d.]+ ETH in \d+ fills/)

  desk.kill('SIGTERM')
  assert.equal((await desk.ended).code, 0, desk.stderr)
  assert.deepEqual(await processesOn(folder), [])

  const exported = await runProduct(t, ['breakwater', 'export', '--out', join(folder, 'panel'), '--json'], settings)
  assert.equal(exported.code, 0, exported.stderr)
  const { files } = JSON.parse(exported.stdout) as { files: string[] }
  assert.ok(files.length > 0 && files.every((file) => existsSync(file)), exported.stdout)
})
