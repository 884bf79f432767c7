import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { NO_RAIL_EFFECTS, type RailState } from '../../src/domain/risk/rail.ts'
import { fraction, type TimestampMs, usd } from '../../src/domain/units.ts'
import type { AdminRequest, RailRecord, RiskDecision, VenueStanding } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

const ETH = instrumentIdOf('ETH', 'binance')
const BTC = instrumentIdOf('BTC', 'binance')

/** What reconciling has found, rails and limits, what needs a second person, and the value of the book by day. */
export function describeRiskRecord(name: string, open: OpenStore): void {
  describe(`${name}: standings at venues`, () => {
    const aStanding = (checkedAt: TimestampMs) =>
      ({
        instrumentId: ETH,
        foreignQuantity: -12.5,
        fillsUntil: at(900),
        unexplainedQuantity: 0.001,
        unexplainedNotional: 3.01,
        dirtyPolls: 2,
        cleanPolls: 0,
        checkedAt,
      }) as VenueStanding

    test('each instrument has the one that was written last', async (t) => {
      const { standings } = await open(t)
      assert.equal(await standings.read(ETH), undefined)
      await standings.write(aStanding(at(1)))
      await standings.write({ ...aStanding(at(2)), dirtyPolls: 0, cleanPolls: 1 })
      await standings.write({ ...aStanding(at(3)), instrumentId: BTC })
      assert.deepEqual(await standings.read(ETH), { ...aStanding(at(2)), dirtyPolls: 0, cleanPolls: 1 })
      assert.deepEqual(await standings.read(BTC), { ...aStanding(at(3)), instrumentId: BTC })
    })

    test('a fill of other hands is noted once an instrument', async (t) => {
      const { standings } = await open(t)
      const noted = await Promise.all(Array.from({ length: 6 }, () => standings.noteForeign(ETH, 't1', at(1))))
      assert.equal(noted.filter(Boolean).length, 1)
      assert.equal(await standings.noteForeign(BTC, 't1', at(1)), true)
      assert.equal(await standings.noteForeign(ETH, 't2', at(1)), true)
    })

    test('a fill noted in a transaction that fails was never noted', async (t) => {
      const store = await open(t)
      const failing = store.transaction(async (tx) => {
        await tx.standings.noteForeign(ETH, 't1', at(1))
        await tx.standings.write(aStanding(at(1)))
        throw new Error('gone')
      })
      await assert.rejects(failing, /gone/)
      assert.equal(await store.standings.read(ETH), undefined)
      assert.equal(await store.standings.noteForeign(ETH, 't1', at(1)), true)
    })
  })

  describe(`${name}: rails`, () => {
    const aState: RailState = {
      rail: 'daily-loss',
      scope: 'desk',
      level: 'reducing',
      since: at(5),
      heldForPerson: true,
      value: 0.0531,
      trigger: 0.05,
      text: 'down 5.31 % since 00:00',
    }
    const aRecord: RailRecord = {
      states: [aState, { ...aState, rail: 'data', scope: 'ETH', level: 'caution', releasedSince: at(4) }],
      effects: {
        ...NO_RAIL_EFFECTS,
        tradingState: 'reducing',
        because: ['daily-loss'],
        noNewLeverage: 'everywhere',
        overlayShare: { ETH: fraction(0.5) },
      },
      at: at(6),
    }
    const aDecision = (n: number, rail: RiskDecision['rail'] = 'daily-loss'): RiskDecision => ({
      at: at(n),
      rail,
      scope: 'desk',
      before: 'normal',
      after: 'reducing',
      inputs: { loss: 0.0531, venues: ['binance'], note: null },
      inputsHash: 'f'.repeat(64),
    })

    test('there is none at first, then the one that was written last', async (t) => {
      const { rails } = await open(t)
      assert.equal(await rails.read(), undefined)
      await rails.write(aRecord, [])
      assert.deepEqual(await rails.read(), aRecord)
      await rails.write({ ...aRecord, states: [], at: at(7) }, [])
      assert.deepEqual(await rails.read(), { ...aRecord, states: [], at: at(7) })
      assert.deepEqual(await rails.decisions({ limit: 9 }), [])
    })

    test('decisions come back newest first, of one rail or of all', async (t) => {
      const { rails } = await open(t)
      await rails.write(aRecord, [aDecision(1), aDecision(1, 'data')])
      await rails.write(aRecord, [aDecision(2)])
      assert.deepEqual(await rails.decisions({ limit: 2 }), [aDecision(2), aDecision(1, 'data')])
      assert.deepEqual(await rails.decisions({ rail: 'daily-loss', limit: 9 }), [aDecision(2), aDecision(1)])
    })

    test('a record and its decisions are written together or not at all', async (t) => {
      const { rails } = await open(t)
      const broken = { ...aDecision(1), inputsHash: null } as unknown as RiskDecision
      await assert.rejects(rails.write(aRecord, [broken]), /not-null/)
      assert.equal(await rails.read(), undefined)
    })
  })

  describe(`${name}: limits and requests`, () => {
    test('a limit has the value that was set last', async (t) => {
      const { limits } = await open(t)
      assert.deepEqual(await limits.overrides(), [])
      const leverage = { key: 'maxLeverage', value: 2.5, requestedBy: 'ann', approvedBy: 'bob', at: at(1) } as const
      const funding = { key: 'fundingSpike', value: 0.00075, requestedBy: 'ann', approvedBy: 'bob', at: at(2) } as const
      await limits.set(leverage)
      await limits.set(funding)
      await limits.set({ ...leverage, value: 2, requestedBy: 'cyd', at: at(3) })
      const now = [funding, { ...leverage, value: 2, requestedBy: 'cyd', at: at(3) }]
      assert.deepEqual(await limits.overrides(), now)
    })

    const aRequest = (n: number): AdminRequest => ({
      requestId: `request-${n}`,
      subject: n % 2 === 0 ? { kind: 'live' } : { kind: 'limit', key: 'maxLeverage', value: 2.5, before: 3 },
      state: 'pending',
      requestedBy: 'ann',
      requestedAt: at(n),
      expiresAt: at(n + 100),
    })

    test('a request comes back as it was opened; its id is taken once', async (t) => {
      const { requests } = await open(t)
      await requests.open(aRequest(1))
      await requests.open(aRequest(2))
      assert.deepEqual(await requests.find('request-1'), aRequest(1))
      assert.equal(await requests.find('request-9'), undefined)
      assert.deepEqual(await requests.list({ limit: 9 }), [aRequest(2), aRequest(1)])
      await assert.rejects(requests.open(aRequest(1)), /Expected a new request id, was request-1/)
    })

    test('of approve, decline and expire at once exactly one decides', async (t) => {
      const { requests } = await open(t)
      await requests.open(aRequest(1))
      await requests.open(aRequest(2))
      const outcomes = await Promise.all(
        (['approved', 'declined', 'expired'] as const).map((to) =>
          requests.decide('request-1', to, { by: to, at: at(9), reason: `was ${to}` }),
        ),
      )
      const [first] = outcomes.filter(({ changed }) => changed)
      assert.equal(outcomes.filter(({ changed }) => changed).length, 1)
      for (const { request } of outcomes) assert.deepEqual(request, first?.request)
      const { state, decidedBy, decidedAt, reason } = first!.request
      assert.deepEqual({ decidedBy, decidedAt, reason }, { decidedBy: state, decidedAt: at(9), reason: `was ${state}` })
      assert.deepEqual(await requests.list({ state: 'pending', limit: 9 }), [aRequest(2)])
      await assert.rejects(requests.decide('request-9', 'expired', { by: 'system', at: at(9) }), /does not exist/)
    })
  })

  describe(`${name}: real money and the value of a day`, () => {
    test('nobody may trade with real money until somebody says so', async (t) => {
      const { live } = await open(t)
      assert.deepEqual(await live.permission(), { state: 'none', by: [], at: at(0), reason: 'first start' })
      const granted = { state: 'granted', by: ['ann', 'bob'], at: at(3), reason: 'go \0' } as const
      await live.setPermission(granted)
      assert.deepEqual(await live.permission(), { ...granted, reason: 'go \uFFFD' })
      const revoked = { state: 'revoked', by: ['system'], at: at(4), reason: 'halted' } as const
      await live.setPermission(revoked)
      assert.deepEqual(await live.permission(), revoked)
    })

    test('the first value of a day stands, for whoever asks at once', async (t) => {
      const { dayMarks } = await open(t)
      const values = await Promise.all([1, 2, 3, 4].map((n) => dayMarks.first(at(0), usd(1_000_000.1 + n))))
      assert.equal(new Set(values).size, 1)
      assert.equal(await dayMarks.first(at(0), usd(5)), values[0])
      assert.equal(await dayMarks.first(at(86_400_000), usd(-5.5)), -5.5)
    })
  })
}
