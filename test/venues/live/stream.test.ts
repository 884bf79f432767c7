import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Tick } from '../../../src/domain/market/tick.ts'
import { baseQty, duration, timestamp } from '../../../src/domain/units.ts'
import { connectVenue, rebase } from '../../../src/venues/live/client.ts'
import { createProblems } from '../../../src/venues/live/problems.ts'
import { UnreadableError } from '../../../src/venues/live/readings.ts'
import { backoff, runStream } from '../../../src/venues/live/stream.ts'

test('retries wait ever longer, at most a minute, never all at the same moment', () => {
  const waits = (random: number) => [0, 1, 2, 5, 20].map((n) => backoff(n, { backoffMs: 1000, random: () => random }))
  assert.deepEqual(waits(1), [1000, 2000, 4000, 32_000, 60_000])
  assert.deepEqual(waits(0), [500, 1000, 2000, 16_000, 30_000])
})

test('an outage is said once, and what was already told is not told again', async () => {
  const stop = new AbortController()
  const emitted: Tick[] = []
  const name = { feed: 'open-interest', venue: 'bybit', asset: 'ETH' } as const
  const tick = (eventAt: number): Tick => ({
    ...{ type: 'open-interest', venue: 'bybit', asset: 'ETH', receivedAt: timestamp(100) },
    ...{ eventAt: timestamp(eventAt), openInterest: baseQty(1) },
  })
  const answers: (Tick[] | Error)[] = [[tick(1)], [tick(1)], new Error('cut\n off'), new Error('again'), [tick(2)]]
  await runStream(
    name,
    {
      every: duration(1),
      async read() {
        const answer = answers.shift()
        if (answer === undefined) stop.abort()
        if (answer instanceof Error) throw answer
        return answer ?? []
      },
    },
    {
      clock: { kind: 'wall', now: () => timestamp(7) },
      random: () => 0,
      log: pino({ level: 'silent' }),
      signal: stop.signal,
      backoffMs: 1,
      emit: (ticks) => emitted.push(...ticks),
    },
  )
  assert.deepEqual(
    emitted.map((t) => (t.type === 'disconnect' ? t.reason : t.eventAt)),
    [1, 'Error: cut off', 2],
  )
})

test('an endpoint replaces scheme and host of every address and keeps its path', () => {
  const urls = {
    rest: 'https://api.{hostname}/v5',
    ws: { public: 'wss://stream.{hostname}/v5/public' },
    none: undefined,
  }
  assert.deepEqual(rebase(urls, { baseUrl: 'http://127.0.0.1:8/', wsUrl: 'ws://127.0.0.1:9' }), {
    ...{ rest: 'http://127.0.0.1:8/v5', ws: { public: 'ws://127.0.0.1:9/v5/public' }, none: undefined },
  })
  const both = rebase(urls, { baseUrl: 'https://proxy.example/bybit' })
  assert.deepEqual(both, {
    rest: 'https://proxy.example/bybit/v5',
    ws: { public: 'wss://proxy.example/bybit/v5/public' },
    none: undefined,
  })
  assert.deepEqual(rebase(urls, { baseUrl: undefined, wsUrl: undefined }), urls)
})

test('an endpoint that is no address is refused by name', async () => {
  const connect = connectVenue('bybit', { venueId: 'bybit', endpoint: { wsUrl: 'http://x' }, options: {} })
  await assert.rejects(connect, /wsUrl starting with ws:\/\/ or wss:\/\/ for bybit, was http:\/\/x/)
})

test('a problem is kept once with its count, and a fault of ours is not taken for one', () => {
  const problems = createProblems()
  const bad = () => {
    throw new UnreadableError('Expected a finite price, was NaN')
  }
  assert.deepEqual(problems.take('okx ETH bar', [bad, bad]), [])
  assert.deepEqual(problems.list(), ['okx ETH bar: Expected a finite price, was NaN (2 times)'])
  assert.throws(() =>
    problems.take('x', [
      () => {
        throw new TypeError('ours')
      },
    ]),
  )
})
