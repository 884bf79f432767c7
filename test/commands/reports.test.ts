/** Commands that read: what is held, ordered, asked for and made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import funding from '../../commands/funding.ts'
import hedgeStatus from '../../commands/hedge-status.ts'
import orders from '../../commands/orders.ts'
import pnl from '../../commands/pnl.ts'
import positions from '../../commands/positions.ts'
import report from '../../commands/report.ts'
import { createReports } from '../../src/app/reports.ts'
import { drawPicture } from '../../src/charts/draw.ts'
import type { Command } from '../../src/chat/command.ts'
import type { Card } from '../../src/domain/card.ts'
import type { FundingRate } from '../../src/domain/market/tick.ts'
import type { Platform } from '../../src/domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../../src/domain/preferences.ts'
import { createRandom, gaussian } from '../../src/domain/random.ts'
import { baseQty, DAY, HOUR, later, MINUTE } from '../../src/domain/units.ts'
import { aCluster } from '../conformance/store-samples.ts'
import type { Cleanup } from '../support/database.ts'
import { member, openDesk, PRICE, type TestDesk } from '../support/desk.ts'

const READING = [hedgeStatus, positions, orders, funding, pnl, report]
const TWO_ASSETS = { book: { name: 'main', exposures: { ETH: baseQty(10), BTC: baseQty(1) } } }

interface Asking {
  readonly raw?: Readonly<Record<string, unknown>>
  readonly platform?: Platform
  readonly preferences?: Partial<Preferences>
}

/** What a viewer is answered. */
async function ask(
  desk: TestDesk,
  command: Command,
  { raw = {}, platform = 'discord', preferences = {} }: Asking = {},
): Promise<Card> {
  const actor = member('vera')
  const card = await command.run(
    {
      options: command.options.parse(raw),
      actor,
      preferences: { ...DEFAULT_PREFERENCES, ...preferences },
      identity: { platform, platformUserId: '1' },
      channel: 'desk',
      direct: false,
      at: desk.clock.now(),
      commands: READING,
    },
    { ...desk.app, ...createReports(desk.ports) },
  )
  const text = JSON.stringify({ ...card, picture: card.picture && { alt: card.picture.alt } })
  assert.doesNotMatch(text, /undefined|NaN|Infinity|\[object|null|1970/, `/${command.name}: ${text}`)
  return card
}

const fieldsOf = ({ fields = [] }: Card): Record<string, string> =>
  Object.fromEntries(fields.map(({ name, value }) => [name, value]))

/** A hedge of 40 % executed at 3,000, the price then at 2,900, clusters and funding known. */
async function hedged(t: Cleanup, options: Parameters<typeof openDesk>[1] = {}): Promise<TestDesk> {
  const desk = await openDesk(t, options)
  await desk.forecast({ fundingRate: 0.0001 })
  const { proposalId } = await desk.propose(0.4)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(HOUR)
  await desk.forecast({ price: 2900, fundingRate: 0.0001, clusters: [aCluster()] })
  return desk
}

test('every reading command answers on an empty desk and on a busy one, each line short enough for a phone', async (t) => {
  for (const desk of [await openDesk(t), await hedged(t)]) {
    for (const command of READING) {
      const { title, fields = [], buttons = [] } = await ask(desk, command)
      assert.ok(title !== '')
      for (const { name, value } of fields) {
        assert.ok(value !== '', `/${command.name} ${name}`)
        if (name.endsWith('forecast')) continue // said in full everywhere, with its baselines
        for (const line of value.split('\n')) assert.ok(line.length <= 75, `/${command.name} ${name}: ${line}`)
      }
      for (const button of buttons) assert.ok(Buffer.byteLength(button.command) <= 64)
    }
  }
})

test('positions tell both legs, what they made and where the hedge ends', async (t) => {
  const said = fieldsOf(await ask(await hedged(t), positions))
  assert.equal(said['ETH spot'], '$29.0 k (10 ETH)\nmark 2,900.00, entry not on record')
  assert.match(said['ETH hedge']!, /^short \$11\.6 k \(4 ETH\) = 40\.0 %\nentry 2,999\.\d\d, mark 2,900\.00$/)
  assert.match(said['ETH hedge P&L']!, /^open \+\$39\d\.\d\d, realised \$0\.00, fees \$[56]\.\d\d$/)
  assert.equal(said['ETH net delta'], '$17.4 k (6 ETH)')
  assert.match(
    said['ETH hedge liquidation']!,
    /^at mark 3,98\d\.\d\d, 37\.\d % above the price\nassumes 3x isolated, binance tiers of 2024-10-01$/,
  )
})

test('who wants coins first gets coins first', async (t) => {
  const desk = await hedged(t)
  const said = fieldsOf(await ask(desk, positions, { preferences: { units: 'coins' } }))
  assert.match(said['ETH spot']!, /^10 ETH \(\$29\.0 k\)/)
  assert.equal(said['ETH net delta'], '6 ETH ($17.4 k)')
})

test('positions of one asset are those of one asset, and of what is not held none', async (t) => {
  const desk = await hedged(t, { settings: TWO_ASSETS })
  const names = ({ fields }: Card) => new Set(fields!.map(({ name }) => name.split(' ')[0]))
  assert.deepEqual(names(await ask(desk, positions)), new Set(['ETH', 'BTC']))
  assert.deepEqual(names(await ask(desk, positions, { raw: { symbol: 'btc' } })), new Set(['BTC']))
  const none = await ask(desk, positions, { raw: { symbol: 'DOGE' } })
  assert.deepEqual([none.tone, none.title, none.text], ['refused', 'The book holds no DOGE', 'It holds ETH, BTC.'])
  assert.deepEqual(await positions.complete!.symbol!({} as never, { ...desk.app, ...createReports(desk.ports) }), [
    { value: 'ETH' },
    { value: 'BTC' },
  ])
})

test('orders are listed with what they were filled at against the mid on arrival', async (t) => {
  const desk = await hedged(t)
  const { title, fields } = await ask(desk, orders)
  assert.match(title, /^Last \d+ orders$/)
  assert.match(fields![0]!.name, /^sell [\d.]+ ETH: filled$/)
  assert.match(
    fields![0]!.value,
    /^filled [\d.]+ ETH\naverage 2,999\.\d\d, slippage \d\.\d bps\n2026-01-05 12:\d\d UTC, proposal [0-9A-Z]{10}$/,
  )
  assert.equal((await ask(desk, orders, { raw: { limit: '1' } })).fields!.length, 1)
  assert.equal((await ask(desk, orders, { raw: { state: 'rejected' } })).title, 'No orders that are rejected')
})

test('funding is told by venue with its age and mean, and what the short gets for it', async (t) => {
  const desk = await hedged(t)
  const feed = (venue: string) => ({ feed: 'funding' as const, venue, asset: 'ETH', cadence: MINUTE })
  await desk.store.observations.declareFeeds(['binance', 'okx', 'bybit'].map(feed))
  const now = desk.clock.now()
  const heard = (venue: string, ago: number, fundingRate: number): FundingRate =>
    ({
      type: 'funding',
      venue,
      asset: 'ETH',
      eventAt: later(now, -ago),
      receivedAt: later(now, -ago),
      fundingRate,
    }) as FundingRate
  await desk.store.observations.append([
    heard('binance', 2 * HOUR, 0.0003),
    heard('binance', MINUTE, 0.0001),
    heard('okx', 3 * HOUR, -0.00005),
  ])
  const said = fieldsOf(await ask(desk, funding))
  assert.equal(said.binance, '0.0100 % per 8 h = 10.9 % a year\nmean of 7 days 0.0200 % (2 h on record)\n1 min old')
  assert.match(said.okx!, /^-0\.0050 % per 8 h = -5\.5 % a year\n.*\nSTALE, 3 h old$/)
  assert.equal(said.bybit, 'missing: none received in 7 days')
  // 4 ETH at 2,900 receive 1 bp three times a day.
  assert.equal(
    said['For the hedge'],
    'short 4 ETH at 2,900.00 would receive $3.48 a day\nat the median; paper money accrues none',
  )
  assert.match(said['Next funding']!, /^missing/)
  const empty = fieldsOf(await ask(await openDesk(t), funding))
  assert.match(empty['For the hedge']!, /^no hedge is held/)
  assert.match(empty['Median of fresh venues']!, /^missing/)
  assert.equal((await ask(desk, funding, { raw: { symbol: 'DOGE' } })).title, 'The book holds no DOGE')
})

test('P&L sets the book with its hedge against the book without, and says what is in neither', async (t) => {
  const desk = await hedged(t)
  const card = await ask(desk, pnl)
  const said = fieldsOf(card)
  assert.equal(card.title, 'P&L of book main, the last 7 days')
  assert.match(said['With the hedge']!, /^−\$6\d\d\.\d\d, fees and slippage in$/)
  assert.equal(said['Without it'], '−$1000.00 on the spot alone')
  assert.match(
    said.ETH!,
    /^3,000\.00 → 2,900\.00 \(-3\.3 %\), spot −\$1000\.00\nhedge: realised \$0\.00, open \+\$39\d\.\d\d\nfees \$[56]\.\d\d$/,
  )
  assert.match(said.Funding!, /^not accrued on paper, in no figure here/)
  assert.match(said['Greatest drawdown']!, /^\$6\d\d\.\d\d with the hedge, \$1000\.00 without it$/)
  assert.equal((await ask(await openDesk(t), pnl)).title, 'No P&L for the last 7 days')
})

test('a report tells every part, and what the hedge did only from a week of hours on', async (t) => {
  const desk = await hedged(t)
  const early = await ask(desk, report)
  assert.equal(early.title, 'Daily report of book main')
  const said = fieldsOf(early)
  assert.equal(said['What the hedge did'], 'undetermined: 1 h on record, 168 needed')
  assert.match(said['Worst hour']!, /^ETH −3\.33 % in the hour to /)
  assert.match(said.Proposals!, /^1 executed\ndecided in 0 s \(median of 1\), 95 % within 0 s$/)
  assert.match(
    said.Orders!,
    /^\d+ sent, \d+ filled, \$12\.0 k\nslippage \d\.\d bps, fees \$[56]\.\d\d\ncost \d\.\d bps against \d\.\d bps expected$/,
  )
  assert.match(said.Model!, /^no model is loaded\nETH: undetermined \(NO_MODEL\), 0 s old$/)
  assert.match(said.Messages!, /delivered/)

  await walk(desk, 200)
  const { fields, picture } = await ask(desk, report, { raw: { period: 'weekly' } })
  const hedge = fieldsOf({ fields } as Card)['What the hedge did']!
  assert.match(hedge, /^201 h, mean hedge ratio 3[89]\.\d %\nlosses avoided \(HER\) 40 % \[\d+ %, \d+ %; \d+\]\n/)
  assert.match(hedge, /HER − UGU −?\d % \[/)
  assert.match(hedge, /volatility (0\.99|1\.0\d) \[/)
  assert.ok(picture?.kind === 'effectiveness' && picture.pnl.length === 202 && picture.rolling.length === 3)
  assert.ok(drawPicture(picture, { dark: true }).png.length > 10_000)
  assert.match(picture.alt, /losses avoided \(HER\) 40 %/)
  const day = fieldsOf(await ask(desk, report, { raw: { period: 'daily' } }))
  assert.equal(day.Proposals, 'none\nnone decided by people')
  assert.equal(day.Orders, 'none sent')
})

test('status comes with a picture in a chat and without one on a terminal, unless it is said', async (t) => {
  const desk = await hedged(t)
  const pictureOf = async (asking: Asking) => (await ask(desk, hedgeStatus, asking)).picture
  assert.equal(await pictureOf({ platform: 'console' }), undefined)
  assert.equal(await pictureOf({ platform: 'telegram', raw: { picture: 'no' } }), undefined)
  assert.equal((await pictureOf({ platform: 'console', raw: { picture: 'yes' } }))?.kind, 'status')
  const picture = await pictureOf({ platform: 'telegram' })
  assert.ok(picture?.kind === 'status')
  assert.equal(picture.pnl.length, 2)
  assert.match(
    picture.alt,
    /^ETH at 2,900\.00: \$29\.0 k \(10 ETH\), 40\.0 % hedged\. \$1\.50 B of longs at 2,750\.50, 61\.0 % within 24 h\. Hedge liquidated at 3,98\d\.\d\d\. P&L of the last 24 h: −\$6\d\d\.\d\d with the hedge, −\$1000\.00 without it\.$/,
  )
  assert.ok(drawPicture(picture).png.length > 10_000)
})

test('status leads on to map, positions and P&L', async (t) => {
  const typed = async (desk: TestDesk) => (await ask(desk, hedgeStatus)).buttons!.map(({ command }) => command)
  assert.deepEqual(await typed(await openDesk(t)), ['/liq map ETH', '/positions', '/pnl'])
  assert.deepEqual(await typed(await openDesk(t, { settings: TWO_ASSETS })), [
    '/liq map ETH',
    '/liq map BTC',
    '/positions',
    '/pnl',
  ])
})

/** Hourly forecasts on a seeded path. */
async function walk(desk: TestDesk, hours: number): Promise<void> {
  const random = createRandom(5)
  let mid = PRICE
  for (let hour = 0; hour < hours; hour++) {
    desk.clock.advanceTo(later(desk.clock.now(), HOUR))
    mid *= 1 + 0.006 * gaussian(random)
    await desk.forecast({ price: mid })
  }
  assert.ok(hours * HOUR > 7 * DAY)
}
