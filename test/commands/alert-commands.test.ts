import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createMarketState } from '../../src/app/market-state.ts'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import { DAY, HOUR, later, price } from '../../src/domain/units.ts'
import { aCluster } from '../conformance/store-samples.ts'
import { type DeskOptions, member, openDesk, type TestDesk } from '../support/desk.ts'

const BTC = { settings: { book: { name: 'main', exposures: { ETH: 10, BTC: 1 } } } } as unknown as DeskOptions

/** An alert of the sample cluster, critical by its confidence and what the book would lose. */
async function withAlert(t: TestContext): Promise<TestDesk & { readonly alertId: string }> {
  const desk = await openDesk(t)
  const raiseAlerts = createRaiseAlerts(desk.ports, createMarketState())
  await raiseAlerts({ asset: 'ETH', clusters: [aCluster()], price: price(3_000), at: desk.clock.now() })
  const [alert] = await desk.store.alerts.open()
  return { ...desk, alertId: alert!.alertId }
}

test('subscribe shows, sets, changes and ends what comes in private', async (t) => {
  const desk = await openDesk(t, BTC)
  const say = async (text: string) => {
    const { title, fields = [] } = await desk.say('vera', text)
    return [title, ...fields.map(({ name, value }) => `${name}: ${value}`)]
  }
  assert.deepEqual(await say('/subscribe'), ['What comes to you in private'])
  assert.deepEqual(await say('/subscribe all warning'), ['Subscribed', 'All assets: warning and critical'])
  assert.deepEqual(await say('/subscribe eth'), ['Subscribed', 'All assets: warning and critical', 'ETH: every alert'])
  assert.deepEqual(await say('/subscribe ETH critical 40 %'), [
    'Subscribed',
    'All assets: warning and critical',
    'ETH: critical, from a confidence of 40.0 %',
  ])
  assert.deepEqual(await say('/subscribe DOGE'), ['The book holds no DOGE'])
  assert.deepEqual(await say('/subscribe ETH off'), ['Ended', 'All assets: warning and critical'])
  assert.deepEqual(await say('/subscribe BTC off'), ['There was nothing to end', 'All assets: warning and critical'])
  assert.deepEqual(await say('/subscribe off'), ['Ended'])
  assert.deepEqual(await desk.store.members.subscriptions(), [])
  assert.equal(await desk.store.audit.count('subscription.on'), 3)
})

test('a confidence may be written as percent or as a fraction', async (t) => {
  const desk = await openDesk(t)
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['40', 0.4],
    ['40%', 0.4],
    ['0.4', 0.4],
    ['0.4 %', 0.004],
    ['1', 0.01],
    ['0', 0],
    ['100', 1],
    ['140', undefined],
    ['-1', undefined],
    ['much', undefined],
  ]
  for (const [typed, expected] of cases) {
    await desk.say('vera', '/subscribe off')
    await desk.say('vera', `/subscribe ETH warning ${typed}`)
    const [subscription] = await desk.store.members.subscriptions('vera')
    assert.ok(
      expected === undefined ? !subscription : Math.abs(subscription!.minConfidence - expected) < 1e-12,
      `${typed}: ${subscription?.minConfidence}`,
    )
  }
})

test('mute holds for so long, at most a week, and says that critical still comes', async (t) => {
  const desk = await openDesk(t, BTC)
  const at = desk.clock.now()
  const { title, text } = await desk.say('vera', '/mute 2h ETH')
  assert.equal(title, 'Muted: ETH')
  assert.match(text!, /^Until 2026-01-05 14:00 UTC .* Critical alerts still come\./)
  await desk.say('vera', '/mute 7d')
  assert.deepEqual(await desk.store.members.mutes(at), [
    { memberId: 'vera', asset: '*', until: later(at, 7 * DAY) },
    { memberId: 'vera', asset: 'ETH', until: later(at, 2 * HOUR) },
  ])
  assert.deepEqual(
    (await desk.say('vera', '/subscribe')).fields!.map(({ name }) => name),
    ['Muted: All assets', 'Muted: ETH'],
  )
  assert.equal((await desk.say('vera', '/mute off ETH')).title, 'No longer muted')
  assert.equal((await desk.store.members.mutes(at)).length, 1)
  assert.equal((await desk.say('vera', '/mute off')).title, 'No longer muted')
  assert.equal((await desk.say('vera', '/mute off')).title, 'Nothing was muted')
  assert.deepEqual(await desk.store.members.mutes(at), [])
  assert.equal((await desk.say('vera', '/mute 1h DOGE')).title, 'The book holds no DOGE')
})

test('a length that cannot be is refused with what would be right', async (t) => {
  const desk = await openDesk(t)
  for (const typed of ['8d', '0m', 'soon', '169h', '10081m', '-5m', '2w']) {
    const card = await desk.say('vera', `/mute ${typed}`)
    assert.equal(card.tone, 'refused', typed)
    assert.match(JSON.stringify(card), /30m, 2h or 1d, at most 7d/, typed)
  }
  assert.deepEqual(await desk.store.members.mutes(desk.clock.now()), [])
})

test('ack takes an alert on, once; a viewer may not', async (t) => {
  const desk = await withAlert(t)
  const { alertId } = desk
  assert.equal((await desk.say('vera', `/ack ${alertId}`)).tone, 'refused')
  assert.equal((await desk.store.alerts.find(alertId))!.acknowledgedBy, undefined)
  assert.equal((await desk.say('tom', `/ack ${alertId.slice(0, 5)}`)).title, 'Acknowledged: ETH longs at 2,750.50')
  const again = await desk.say('ben', `/ack ${alertId}`)
  assert.deepEqual(
    [again.title, again.text],
    ['Tom has acknowledged it already', 'At 2026-01-05 12:00 UTC. Nothing changed.'],
  )
  const unknown = await desk.say('ben', '/ack zzzz')
  assert.deepEqual([unknown.title, unknown.fields!.map(({ name }) => name)], ['There is no alert zzzz', [alertId]])
})

test('without an id ack offers what is open', async (t) => {
  const desk = await withAlert(t)
  const card = await desk.say('tom', '/ack')
  assert.deepEqual(
    card.select!.choices.map(({ label, command }) => [label, command]),
    [['ETH longs at 2,750.50, critical', `/ack alert=${desk.alertId}`]],
  )
})

test('on call: an admin sets order and rotation, a trader takes it, everyone sees it', async (t) => {
  const desk = await openDesk(t)
  const say = async (who: 'ana' | 'ben' | 'tom' | 'vera', text: string) => {
    const { title, fields = [] } = await desk.say(who, text)
    return [title, ...fields.map(({ name, value }) => `${name}: ${value}`)]
  }
  assert.deepEqual(await say('vera', '/oncall'), ['Nobody is on call'])
  assert.deepEqual(await say('ana', '/oncall every week'), ['There is no order yet'])
  const set = ['Order: Ana, Ben, Cleo', 'Passes on: every day at 08:00 UTC']
  assert.deepEqual(await say('ana', '/oncall order ana, Ben,CLEO'), [
    'On call',
    'Now: Ana, until 2026-01-06 08:00 UTC',
    'Next: Ben',
    ...set,
  ])
  assert.deepEqual(await say('tom', '/oncall take 3'), [
    'On call',
    'Now: Tom, out of turn, until 2026-01-05 15:00 UTC',
    'Next: Ana',
    ...set,
  ])
  await desk.pass(DAY)
  assert.deepEqual((await say('vera', '/oncall')).slice(1, 3), ['Now: Ben, until 2026-01-07 08:00 UTC', 'Next: Cleo'])
  assert.deepEqual(await say('ana', '/oncall every off'), [
    'On call',
    'Now: Ben',
    'Next: Cleo',
    'Order: Ben, Cleo, Ana',
    'Passes on: by hand only',
  ])
  await desk.store.members.setRole('ben', 'none')
  assert.deepEqual((await say('vera', '/oncall')).slice(1, 3), ['Now: Cleo', 'Next: Ana'])
})

test('who is not an admin sets no order, a viewer takes no turn, and both are on record', async (t) => {
  const desk = await openDesk(t)
  for (const [who, text] of [
    ['ben', '/oncall order ben'],
    ['tom', '/oncall every day'],
    ['vera', '/oncall take'],
  ] as const) {
    const card = await desk.say(who, text)
    assert.deepEqual([card.tone, card.title], ['refused', 'Forbidden'], text)
  }
  assert.equal(await desk.store.settings.get('on-call'), undefined)
  const entries = await desk.store.audit.recent(9, { action: 'command.forbidden' })
  assert.deepEqual(
    entries.map(({ actor, subject }) => `${actor} ${subject}`),
    ['vera oncall take', 'tom oncall every', 'ben oncall order'],
  )
})

test('a channel that allows less than the order needs refuses it to an admin too', async (t) => {
  const desk = await openDesk(t, {
    settings: { access: { channels: [{ platform: 'console', channel: 'hall', most: 'viewer' }], commands: {} } },
  })
  const card = await desk.dispatch({
    platform: 'console',
    platformUserId: member('ana').identities[0]!.platformUserId,
    channel: 'hall',
    direct: false,
    interactionId: 'in-the-hall',
    input: { kind: 'text', text: '/oncall order ana' },
  })
  assert.equal(card!.title, 'Forbidden')
  assert.match(card!.text!, /in this channel/)
  assert.equal(await desk.store.settings.get('on-call'), undefined)
})

test('an order names members who could acknowledge, and everything else says what to type', async (t) => {
  const desk = await openDesk(t)
  const title = async (text: string) => (await desk.say('ana', text)).title
  assert.equal(await title('/oncall order ana,zoe,max'), 'Nobody here is called zoe, max')
  assert.equal(await title('/oncall order ana,vera'), 'Vera could not acknowledge')
  for (const text of [
    '/oncall order',
    '/oncall every month',
    '/oncall take 0',
    '/oncall take 169',
    '/oncall take soon',
  ])
    assert.equal(await title(text), 'Nothing changed', text)
  assert.equal(await desk.store.settings.get('on-call'), undefined)
})

test('deliveries tell how soon messages arrive and which did not', async (t) => {
  const desk = await openDesk(t)
  assert.equal((await desk.say('ben', '/deliveries')).title, 'No messages yet')
  assert.equal((await desk.say('tom', '/deliveries')).tone, 'refused')
  desk.channel.breakFor(2)
  await desk.say('ana', '/risk reduce drill')
  await desk.pass(HOUR)
  desk.channel.refuse('desk', 'the channel is gone')
  await desk.say('ana', '/risk resume')
  await desk.settle()
  const { title, tone, fields } = await desk.say('ben', '/deliveries 5')
  const said = Object.fromEntries(fields!.map(({ name, value }) => [name, value]))
  assert.deepEqual([title, tone], ['Deliveries: the last 2 messages', 'warning'])
  assert.equal(said.Urgent, '1 delivered, 1 given up; p50 3.0 s, p95 3.0 s, longest 3.0 s')
  assert.equal(said.Normal, '0 delivered')
  assert.deepEqual(said.Latest!.split('\n'), [
    '2026-01-05 13:00 UTC urgent, console desk: Trading state: active: given up',
    '2026-01-05 12:00 UTC urgent, console desk: Trading state: reducing: 3.0 s',
  ])
  assert.equal(
    said.Failures,
    '2026-01-05 13:00 UTC console desk: Trading state: active: given up after 1 try, the channel is gone',
  )
})
