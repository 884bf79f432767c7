import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFloodGate, FloodGateClosedError, type Limit } from '../../src/chat/flood.ts'
import { URGENCIES, type Urgency } from '../../src/domain/delivery.ts'

/** Time that moves only when told; whatever becomes due on the way is done in order. */
function fakeTime() {
  let now = 0
  let timers: { readonly at: number; readonly ring: () => void }[] = []
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve, reject) => {
        const timer = { at: now + ms, ring: resolve }
        timers.push(timer)
        signal?.addEventListener('abort', () => {
          timers = timers.filter((other) => other !== timer)
          reject(signal.reason)
        })
      }),
    async advanceTo(end: number): Promise<void> {
      await settled()
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        now = Math.max(now, next.at)
        next.ring()
        await settled()
      }
      now = end
    },
    waiting: () => timers.length,
  }
}

function gateWith(limits: readonly Limit[], { global = [] as readonly Limit[] } = {}) {
  const time = fakeTime()
  const closing = new AbortController()
  const sent: { readonly what: string; readonly at: number }[] = []
  const gate = createFloodGate({
    limitsOf: () => limits,
    global,
    now: time.now,
    sleep: time.sleep,
    signal: closing.signal,
  })
  return {
    time,
    gate,
    sent,
    close: () => closing.abort(),
    send: (chat: string, urgency: Urgency, what: string, takesMs = 0) =>
      gate.pass(chat, urgency, async () => {
        sent.push({ what, at: time.now() })
        if (takesMs > 0) await time.sleep(takesMs)
        return what
      }),
  }
}

const named = (sent: readonly { what: string }[]) => sent.map(({ what }) => what)

test('a burst passes at once and the rest follows as the window allows, in order', async () => {
  const { send, sent, time } = gateWith([{ max: 3, perMs: 3_000 }])
  const all = ['a', 'b', 'c', 'd', 'e'].map((what) => send('1', 'normal', what))
  await time.advanceTo(2_999)
  assert.deepEqual(named(sent), ['a', 'b', 'c'])
  await time.advanceTo(3_000)
  assert.deepEqual(named(sent), ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd', 'e'])
})

test('what is urgent overtakes what waits, and what is low waits for all', async () => {
  const { send, sent, time } = gateWith([{ max: 1, perMs: 1_000 }])
  for (const [what, urgency] of [
    ['first', 'normal'],
    ['low', 'low'],
    ['normal', 'normal'],
    ['urgent', 'urgent'],
  ] as const) {
    void send('1', urgency, what)
  }
  await time.advanceTo(10_000)
  assert.deepEqual(sent, [
    { what: 'first', at: 0 },
    { what: 'urgent', at: 1_000 },
    { what: 'normal', at: 2_000 },
    { what: 'low', at: 3_000 },
  ])
})

test('what is reserved stays free for the urgent, however much else is sent', async () => {
  const { send, sent, time, gate } = gateWith([{ max: 20, perMs: 60_000, reserved: 15 }])
  for (let i = 0; i < 30; i++) void send('1', 'normal', `normal ${i}`)
  await time.advanceTo(10_000)
  assert.equal(sent.length, 5)
  assert.equal(gate.readyIn('1', 'urgent'), 0)
  for (let i = 0; i < 15; i++) void send('1', 'urgent', `urgent ${i}`)
  await time.advanceTo(10_001)
  assert.equal(named(sent).filter((what) => what.startsWith('urgent')).length, 15)
})

test('more is kept from what is low than from what is normal', async () => {
  const { send, sent, time } = gateWith([{ max: 20, perMs: 60_000, reserved: 8, reservedFromLow: 15 }])
  for (let i = 0; i < 10; i++) void send('1', 'low', `low ${i}`)
  await time.advanceTo(1_000)
  assert.equal(sent.length, 5)
  for (let i = 0; i < 10; i++) void send('1', 'normal', `normal ${i}`)
  await time.advanceTo(2_000)
  assert.equal(sent.length, 12)
  for (let i = 0; i < 10; i++) void send('1', 'urgent', `urgent ${i}`)
  await time.advanceTo(3_000)
  assert.equal(sent.length, 20)
})

test('a chat that waits holds up no other', async () => {
  const { send, sent, time } = gateWith([{ max: 1, perMs: 60_000 }])
  void send('1', 'urgent', 'one')
  void send('1', 'urgent', 'stuck')
  void send('2', 'low', 'two')
  await time.advanceTo(1)
  assert.deepEqual(named(sent), ['one', 'two'])
})

test('over all chats the most urgent goes first', async () => {
  const { send, sent, time } = gateWith([], { global: [{ max: 1, perMs: 100 }] })
  void send('1', 'normal', 'first')
  void send('2', 'low', 'low')
  void send('3', 'normal', 'normal')
  void send('4', 'urgent', 'urgent')
  await time.advanceTo(1_000)
  assert.deepEqual(named(sent), ['first', 'urgent', 'normal', 'low'])
})

test('a slow call counts until its answer came, and an urgent one does not wait for it', async () => {
  const { send, sent, time } = gateWith([{ max: 2, perMs: 1_000 }])
  void send('1', 'normal', 'slow', 5_000)
  void send('1', 'normal', 'next')
  void send('1', 'urgent', 'urgent')
  await time.advanceTo(1)
  assert.deepEqual(named(sent), ['slow', 'urgent'])
  await time.advanceTo(4_999)
  assert.equal(sent.length, 2)
  await time.advanceTo(5_000)
  assert.deepEqual(named(sent), ['slow', 'urgent', 'next'])
})

test('a pause holds back one chat, or all of them', async () => {
  const { send, sent, time, gate } = gateWith([])
  gate.pause('1', 2_000)
  void send('1', 'urgent', 'one')
  void send('2', 'low', 'two')
  await time.advanceTo(1_000)
  assert.deepEqual(named(sent), ['two'])
  gate.pause(undefined, 3_000)
  assert.equal(gate.readyIn('3', 'urgent'), 3_000)
  void send('2', 'urgent', 'three')
  await time.advanceTo(3_999)
  assert.deepEqual(named(sent), ['two'])
  await time.advanceTo(4_000)
  assert.deepEqual(named(sent), ['two', 'one', 'three'])
})

test('readyIn counts what waits for the chat already, and nothing less urgent', async () => {
  const { send, gate, time } = gateWith([{ max: 1, perMs: 1_000 }])
  assert.equal(gate.readyIn('1', 'low'), 0)
  for (const what of ['a', 'b', 'c']) void send('1', 'normal', what)
  await time.advanceTo(400)
  assert.equal(gate.readyIn('1', 'normal'), 2_600)
  assert.equal(gate.readyIn('1', 'urgent'), 600)
  assert.equal(gate.readyIn('2', 'normal'), 0)
})

test('a failure is the caller’s, and the next goes on', async () => {
  const { send, sent, gate } = gateWith([])
  const failed = gate.pass('1', 'normal', async () => {
    throw new Error('the platform is down')
  })
  const next = send('1', 'normal', 'next')
  await assert.rejects(failed, { message: 'the platform is down' })
  await next
  assert.deepEqual(named(sent), ['next'])
})

test('a closed gate refuses what waits and lets what is under way end', async () => {
  const { send, close, time } = gateWith([{ max: 1, perMs: 1_000 }])
  const underway = send('1', 'normal', 'under way', 50)
  const waiting = assert.rejects(send('1', 'normal', 'waiting'), FloodGateClosedError)
  await time.advanceTo(10)
  close()
  await waiting
  await time.advanceTo(50)
  assert.equal(await underway, 'under way')
  await assert.rejects(send('1', 'normal', 'late'), FloodGateClosedError)
  assert.equal(time.waiting(), 0)
})

test('an idle chat is forgotten', async () => {
  const { send, gate, time } = gateWith([{ max: 1, perMs: 1_000 }])
  await Promise.all(Array.from({ length: 50 }, (_, chat) => send(String(chat), 'normal', 'hello')))
  assert.equal(gate.counts().chats, 50)
  await time.advanceTo(1_000)
  assert.deepEqual(gate.counts(), {
    chats: 0,
    waiting: { urgent: 0, normal: 0, low: 0 },
    underway: 0,
    passed: 50,
    pauses: 0,
  })
})

test('limits that shut out everyone, and pauses that are no length of time, are refused', () => {
  const { gate } = gateWith([])
  assert.throws(() => gate.pause('1', Number.NaN), RangeError)
  assert.throws(() => gateWith([], { global: [{ max: 5, perMs: 1_000, reserved: 5 }] }), RangeError)
})

const limit = fc
  .record({
    max: fc.integer({ min: 1, max: 6 }),
    perMs: fc.integer({ min: 1, max: 5_000 }),
    reserved: fc.nat(5),
    more: fc.nat(3),
  })
  .map(({ max, perMs, reserved: wanted, more }) => {
    const reserved = Math.min(wanted, max - 1)
    return { max, perMs, reserved, reservedFromLow: Math.min(reserved + more, max - 1) }
  })

const message = fc.record({
  at: fc.nat(10_000),
  chat: fc.constantFrom('1', '2', '3'),
  urgency: fc.constantFrom(...URGENCIES),
  takesMs: fc.nat(400),
  /** When, while under way, the platform counts it. */
  counted: fc.double({ min: 0, max: 1, noNaN: true }),
  fails: fc.boolean(),
})

const pause = fc.record({ at: fc.nat(10_000), chat: fc.option(fc.constantFrom('1', '2')), ms: fc.nat(5_000) })

test('no platform ever counts more than its limits, nothing is lost, and nothing overtakes what is more urgent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(limit, { maxLength: 2 }),
      fc.array(limit, { maxLength: 2 }),
      fc.array(message, { maxLength: 40 }),
      fc.array(pause, { maxLength: 3 }),
      async (limits, global, messages, pauses) => {
        const time = fakeTime()
        const gate = createFloodGate({
          limitsOf: () => limits,
          global,
          now: time.now,
          sleep: time.sleep,
          signal: new AbortController().signal,
        })
        type Passed = (typeof messages)[number] & { began: number; ended: number; order: number; asked: number }
        const passed: Passed[] = []
        const waiting = new Set<(typeof messages)[number]>()
        const results: Promise<PromiseSettledResult<unknown>[]>[] = []
        let asked = 0

        const ask = (one: (typeof messages)[number]) => {
          waiting.add(one)
          const turn = asked++
          const work = async () => {
            const ahead = [...waiting].filter(
              ({ chat, urgency }) => chat === one.chat && URGENCIES.indexOf(urgency) < URGENCIES.indexOf(one.urgency),
            )
            assert.deepEqual(ahead, [], 'something more urgent was waiting for this chat')
            for (const { at, chat, ms } of pauses) {
              const holds = chat === null || chat === one.chat
              assert.ok(!(holds && at <= time.now() && time.now() < at + ms), 'sent during a pause')
            }
            waiting.delete(one)
            const began = time.now()
            if (one.takesMs > 0) await time.sleep(one.takesMs)
            passed.push({ ...one, began, ended: time.now(), order: passed.length, asked: turn })
            if (one.fails) throw new Error('failed')
          }
          results.push(Promise.allSettled([gate.pass(one.chat, one.urgency, work)]))
        }
        const events = [
          ...pauses.map(({ at, chat, ms }) => ({ at, run: () => gate.pause(chat ?? undefined, ms) })),
          ...messages.map((one) => ({ at: one.at, run: () => ask(one) })),
        ].sort((a, b) => a.at - b.at)
        for (const { at, run } of events) {
          await time.advanceTo(at)
          run()
        }
        await time.advanceTo(1_000_000)

        const settled = (await Promise.all(results)).flat()
        assert.equal(
          settled.filter(({ status }) => status === 'rejected').length,
          messages.filter((one) => one.fails).length,
        )
        assert.equal(passed.length, messages.length)

        for (const chat of ['1', '2', '3']) {
          const here = passed.filter((one) => one.chat === chat)
          for (const one of limits) assertWithin(one, here)
          for (const urgency of URGENCIES) {
            const turns = here.filter((one) => one.urgency === urgency).map((one) => one.asked)
            assert.deepEqual(
              turns,
              [...turns].sort((a, b) => a - b),
              'first come, first served',
            )
          }
        }
        for (const one of global) assertWithin(one, passed)
        assert.equal(gate.counts().chats, 0)
      },
    ),
    { numRuns: 300 },
  )
})

function assertWithin(
  { max, perMs, reserved, reservedFromLow }: Required<Limit>,
  passed: readonly { began: number; ended: number; counted: number; urgency: Urgency }[],
): void {
  for (const [kind, most] of [
    [passed, max],
    [passed.filter(({ urgency }) => urgency !== 'urgent'), max - reserved],
    [passed.filter(({ urgency }) => urgency === 'low'), max - reservedFromLow],
  ] as const) {
    const times = kind.map(({ began, ended, counted }) => began + (ended - began) * counted).sort((a, b) => a - b)
    for (const [i, time] of times.entries()) {
      const next = times[i + most]
      // A tenth of a millisecond for the rounding of the moments drawn.
      assert.ok(next === undefined || next - time >= perMs - 0.1, `${most + 1} within ${next! - time} ms of ${perMs}`)
    }
  }
}
