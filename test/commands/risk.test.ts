import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toEmbeds } from '../../src/chat/discord/embeds.ts'
import type { Card } from '../../src/domain/card.ts'
import { LIMITS } from '../../src/domain/risk/limits.ts'
import { MINUTE } from '../../src/domain/units.ts'
import { CALM, openRailDesk } from '../app/rail-market.ts'
import { member, openDesk } from '../support/desk.ts'

const field = (card: Card, name: string): string => card.fields?.find((one) => one.name === name)?.value ?? ''

test('/risk set asks, /risk approve by another admin decides, and /risk limits shows whose it is', async (t) => {
  const desk = await openDesk(t)
  await desk.store.members.put({ ...member('ben'), role: 'admin' })
  const asked = await desk.say('ana', '/risk set MAX-LEVERAGE 2.5')
  assert.equal(asked.title, 'Asked for: max-leverage 3× → 2.5×')
  assert.match(asked.text!, /stricter/)
  const waiting = await desk.say('vera', '/risk limits')
  const requestId = /\/risk approve (\w+)/.exec(field(waiting, 'Asked for'))![1]!
  assert.equal((await desk.say('ana', `/risk approve ${requestId}`)).title, 'Another admin has to approve this')
  assert.equal((await desk.say('tom', `/risk approve ${requestId}`)).tone, 'refused')
  const done = await desk.say('ben', `/risk approve ${requestId}`)
  assert.equal(done.title, 'Approved: max-leverage 3× → 2.5×')
  const limits = await desk.say('vera', '/risk limits')
  assert.match(
    field(limits, 'Margin and leverage'),
    /max-leverage: 2\.5×, set by ana and ben .*configured 3×, so it is stricter/,
  )
})

test('/risk limits names every limit there is, once', async (t) => {
  const desk = await openDesk(t)
  const card = await desk.say('vera', '/risk limits')
  const lines = card.fields!.flatMap(({ value }) => value.split('\n').map((line) => line.split(':')[0]))
  assert.deepEqual(
    lines.toSorted(),
    Object.values(LIMITS)
      .map(({ name }) => name)
      .toSorted(),
  )
})

test('/risk set refuses with what would be right', async (t) => {
  const desk = await openDesk(t)
  const refused = async (text: string): Promise<string> => {
    const card = await desk.say('ana', text)
    assert.equal(card.tone, 'refused', text)
    return `${card.title} ${card.text}`
  }
  assert.match(await refused('/risk set leverage 2'), /max-leverage, hard-leverage|hard-leverage/)
  assert.match(
    await refused('/risk set max-leverage lots'),
    /Expected a multiple such as 2\.5 for max-leverage, was lots/,
  )
  assert.match(await refused('/risk set max-leverage 50'), /0\.1× to 5×/)
  assert.match(await refused('/risk set max-leverage 25%'), /Expected a multiple/)
  assert.match(await refused('/risk set max-price-age 10'), /10s or 500ms/)
  assert.match(await refused('/risk set soft-daily-loss 9%'), /at most hard-daily-loss/)
  assert.match(await refused('/risk set max-daily-proposals 2.5'), /whole number/)
  assert.equal((await desk.say('ana', '/risk set max-leverage 3')).tone, 'info', 'it is so already')
})

test('/risk status says of every rail where it stands, how far it is and what ends it', async (t) => {
  const desk = await openRailDesk(t)
  assert.match(field(await desk.say('vera', '/risk status'), 'Margin'), /not judged yet/)
  await desk.live(1)
  const calm = await desk.say('vera', '/risk status')
  assert.equal(calm.title, 'Trading state: active')
  assert.match(field(calm, 'Loss of the day'), /normal\. loss since 00:00 UTC 0\.00 %.*100 % from it/)
  assert.match(field(calm, 'Model'), /not known/)
  await desk.live(1, { ...CALM, price: 2840 })
  const loss = await desk.say('vera', '/risk status')
  assert.equal(loss.title, 'Trading state: reducing')
  assert.match(field(loss, 'Why'), /daily-loss/)
  assert.match(field(loss, 'Loss of the day'), /reducing for 0 s, an admin lets go with \/risk resume/)
  await desk.live(20, { ...CALM, price: 2840, funding: { binance: 0.002, bybit: 0.002 } })
  await desk.live(5, { ...CALM, price: 2840 })
  assert.match(field(await desk.say('vera', '/risk status'), 'Funding'), /its reason is gone for \d min/)
  assert.equal(toEmbeds(loss, []).length, 1, 'it fits one message')
  assert.ok(loss.fields!.every(({ value }) => value.length <= 1024))
})

test('/risk flatten shows what it costs, and one press of its button takes every hedge off', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.3)
  await desk.say('ben', `/approve ${proposalId}`)
  await desk.pass(45 * MINUTE)
  await desk.forecast()
  const card = await desk.say('ana', '/risk flatten the exchange burns')
  assert.match(field(card, 'Taken off'), /^\$\d/)
  const [confirm, leave] = card.buttons!
  assert.match(confirm!.label, /^Flatten \$.*, cost \$/)
  assert.equal(leave!.label, 'Leave it')
  // A button is a command typed for you; here it is typed.
  const done = await desk.say('ana', confirm!.command)
  assert.match(done.title, /^Approved: take every hedge off/)
  assert.match((await desk.say('ana', confirm!.command)).title, /^Already approved/)
  assert.equal(await desk.store.audit.count('risk.flatten'), 1)
})

test('/risk reconcile says what is ours and what is not', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const card = await desk.say('ana', '/risk reconcile')
  assert.equal(card.tone, 'ok')
  assert.match(field(card, 'ETH-USDT-PERP.PAPER'), /ours 0, other hands 0.*all explained/)
})
