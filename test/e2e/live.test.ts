import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LIVE_VENUES } from '../../src/config.ts'
import type { Cleanup } from '../support/database.ts'
import { startVenues } from '../support/venue-servers/index.ts'
import { openDataFolder, processesOn, runProduct, type Settings, startProduct } from './product.ts'

test('on live feeds the desk forecasts, hedges on paper, keeps what it received and exports it', async (t) => {
  const settings = await liveSettings(t)
  const desk = startProduct(t, ['start'], { settings, input: 'pipe' })
  await desk.printed(PROPOSED)
  desk.say('/hedge status')
  await desk.printed(/ETH feeds/)
  assert.match(desk.stdout, /ETH forecast\s+cascade down 4h /)
  assert.match(desk.stdout, /ETH feeds\s+bar \d+/)

  desk.say(`/approve ${PROPOSED.exec(desk.stdout)![1]}`)
  await desk.printed(/Hedge executed: ETH/)
  assert.match(desk.stdout, /Filled\s+[\d.]+ ETH of [\d.]+ ETH in \d+ fills?/)

  desk.kill('SIGTERM')
  assert.equal((await desk.ended).code, 0, desk.stderr)
  assert.deepEqual(await processesOn(settings.DATA_DIR!), [])

  const words = ['breakwater', 'export', '--out', join(settings.DATA_DIR!, 'panel'), '--json']
  const exported = await runProduct(t, words, settings)
  assert.equal(exported.code, 0, exported.stderr)
  const { files } = JSON.parse(exported.stdout) as { files: string[] }
  assert.ok(files.length > 0 && files.every((file) => existsSync(file)), exported.stdout)
})

test('chat and work run in separate processes over one record', async (t) => {
  const settings = await liveSettings(t)
  const bot = startProduct(t, ['start', 'bot'], { settings, input: 'pipe' })
  await bot.reported(/desk is open/)
  const worker = startProduct(t, ['start', 'worker'], { settings })
  await bot.printed(PROPOSED)
  bot.say(`/approve ${PROPOSED.exec(bot.stdout)![1]}`)
  await bot.printed(/Hedge executed: ETH/)
  bot.say('/hedge status')
  await bot.printed(/[\d.]+ ETH short = [1-9][\d.]* % hedged/)

  for (const one of [worker, bot]) one.kill('SIGTERM')
  for (const one of [worker, bot]) assert.equal((await one.ended).code, 0, one.stderr)
  assert.deepEqual(await processesOn(settings.DATA_DIR!), [])
})

const PROPOSED = /Hedge proposed: ETH (\w{10})/

/** A small book on the five venues as they answer on loopback, hedged in seconds. */
async function liveSettings(t: Cleanup): Promise<Settings> {
  const venues = await startVenues({ now: Date.now })
  t.after(() => venues.stop())
  return {
    DATA_DIR: await openDataFolder(t),
    MARKET: 'live',
    ASSETS: 'ETH',
    BOOK: 'ETH:10',
    SELF_APPROVAL_MAX_USD: '100000',
    EXECUTION_DURATION_MS: '10000',
    FORECAST_EVERY_MS: '1000',
    ...Object.fromEntries(
      LIVE_VENUES.flatMap((venue) => [
        [`${venue.toUpperCase()}_BASE_URL`, venues.endpoints[venue]?.baseUrl ?? ''],
        [`${venue.toUpperCase()}_WS_URL`, venues.endpoints[venue]?.wsUrl ?? ''],
      ]),
    ),
  }
}
