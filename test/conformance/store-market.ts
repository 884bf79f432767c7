import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Alert } from '../../src/domain/alert.ts'
import type { Tick } from '../../src/domain/market/tick.ts'
import { duration, type Fraction } from '../../src/domain/units.ts'
import type { OpenStore } from './store.ts'
import { aBar, aCluster, aForecast, anAlert, at, collect, ended, everyKindOfTick } from './store-samples.ts'

/** What was observed, forecast and alerted. */
export function describeMarketRecord(name: string, open: OpenStore): void {
  describe(`${name}: observations`, () => {
    test('every kind of tick comes back exactly as it went in, in order of receipt', async (t) => {
      const store = await open(t)
      const ticks = everyKindOfTick()
      await store.observations.append(ticks)
      assert.deepEqual(await collect(store.observations.since(at(-1))), ticks)
    })

    test('the same tick twice is one, and the first one stands', async (t) => {
      const store = await open(t)
      const { volume: _, ...withoutVolume } = aBar({ eventAt: 0, receivedAt: 1 })
      await store.observations.append([withoutVolume, withoutVolume])
      await store.observations.append([aBar({ eventAt: 0, receivedAt: 1, closePrice: 1, series: 'spot' })])
      assert.deepEqual(await collect(store.observations.since(at(-1))), [withoutVolume])
    })

    test('a correction received later is kept beside the first', async (t) => {
      const store = await open(t)
      const [first, corrected] = [aBar({ receivedAt: 1 }), aBar({ receivedAt: 2, closePrice: 9 })]
      await store.observations.append([corrected])
      await store.observations.append([first])
      assert.deepEqual(await collect(store.observations.since(at(-1))), [first, corrected])
    })

    test('more ticks than one chunk, many of one instant, stream out whole and once', async (t) => {
      const store = await open(t)
      const ticks = Array.from({ length: 4_000 }, (_, i) =>
        aBar({ eventAt: i, receivedAt: i < 2_000 ? 5 : i, closePrice: i + 0.25 }),
      )
      await store.observations.append(ticks)
      assert.deepEqual(await collect(store.observations.since(at(-1))), ticks)
      assert.equal((await collect(store.observations.since(at(5)))).length, 2_000)
    })

    test('since leaves out what was received at that very instant', async (t) => {
      const store = await open(t)
      await store.observations.append([aBar({ eventAt: 0, receivedAt: 1 }), aBar({ eventAt: 1, receivedAt: 2 })])
      const later = await collect(store.observations.since(at(1)))
      assert.deepEqual(
        later.map((tick) => tick.receivedAt),
        [at(2)],
      )
    })

    test('retention deletes what was received before, and says how much is left', async (t) => {
      const store = await open(t)
      assert.equal(await store.observations.lastReceivedAt(), undefined)
      await store.observations.append([aBar({ eventAt: 0, receivedAt: 1 }), aBar({ eventAt: 1, receivedAt: 2 })])
      assert.equal(await store.observations.lastReceivedAt(), at(2))
      assert.ok((await store.observations.deleteBefore(at(2))) > 0)
      assert.equal((await collect(store.observations.since(at(-1)))).length, 1)
    })

    test('a number that is not finite is refused by name', async (t) => {
      const store = await open(t)
      const bad = { ...aBar({}), closePrice: Number.NaN } as Tick
      await assert.rejects(store.observations.append([bad]), /Expected a finite closePrice .* was NaN/)
    })

    test('feeds are declared once and keep their newest cadence', async (t) => {
      const store = await open(t)
      const feed = { feed: 'bar', venue: 'binance', asset: 'ETH', cadence: duration(60_000) } as const
      await store.observations.declareFeeds([feed, { ...feed, asset: 'BTC' }])
      await store.observations.declareFeeds([{ ...feed, cadence: duration(3_600_000) }])
      assert.deepEqual(await store.observations.declaredFeeds(), [
        { ...feed, cadence: 3_600_000 },
        { ...feed, asset: 'BTC' },
      ])
    })
  })

  describe(`${name}: forecasts and alerts`, () => {
    test('a forecast comes back with its clusters, and a second of the same instant replaces it', async (t) => {
      const store = await open(t)
      assert.equal(await store.forecasts.latest('ETH'), undefined)
      await store.forecasts.save(aForecast({ at: at(1) }), [])
      await store.forecasts.save(aForecast({ at: at(1), asset: 'BTC' }), [])
      await store.forecasts.save(aForecast({ at: at(1), pCascadeDown: 0.04 }), [aCluster()])
      assert.deepEqual(await store.forecasts.latest('ETH'), {
        forecast: aForecast({ at: at(1), pCascadeDown: 0.04 }),
        clusters: [aCluster()],
      })
      assert.equal((await store.forecasts.between('ETH', at(0), at(9))).length, 1)
    })

    test('forecasts of a window come oldest first, both ends included', async (t) => {
      const store = await open(t)
      for (const n of [3, 1, 2, 4]) await store.forecasts.save(aForecast({ at: at(n) }), [])
      const between = await store.forecasts.between('ETH', at(1), at(3))
      assert.deepEqual(
        between.map((forecast) => forecast.at),
        [at(1), at(2), at(3)],
      )
    })

    test('a cluster has one open alert at a time', async (t) => {
      const store = await open(t)
      const first = anAlert({ alertId: 'a1' })
      assert.equal(await store.alerts.raise(first), true)
      assert.equal(await store.alerts.raise(anAlert({ alertId: 'a2' })), false)
      assert.equal(await store.alerts.advance(ended(first, at(9), 'faded')), true)
      assert.equal(await store.alerts.advance(ended(first, at(9), 'vanished')), false)
      assert.equal(await store.alerts.raise(anAlert({ alertId: 'a3', raisedAt: at(10) })), true)
      assert.deepEqual(
        (await store.alerts.recent(5)).map((alert) => [alert.alertId, alert.endReason]),
        [
          ['a3', undefined],
          ['a1', 'faded'],
        ],
      )
    })

    test('an alert comes back with its whole course', async (t) => {
      const store = await open(t)
      const raised = anAlert({ alertId: 'a1' })
      await store.alerts.raise(raised)
      assert.deepEqual(await store.alerts.open('ETH'), [raised])
      assert.deepEqual(await store.alerts.open('BTC'), [])
      const cascading: Alert = {
        ...raised,
        stage: 'cascading',
        severity: 'critical',
        stageTimes: { raised: at(1), touched: at(5), cascading: at(6) },
        touch: { from: at(3), at: at(4) },
        openInterestChange: -0.0123 as Fraction,
      }
      assert.equal(await store.alerts.advance(cascading), true)
      assert.deepEqual(await store.alerts.open(), [cascading])
      const over = ended(cascading, at(9), 'cascaded')
      assert.equal(await store.alerts.advance(over), true)
      assert.deepEqual(await store.alerts.open(), [])
      assert.deepEqual(await store.alerts.recent(1), [over])
    })

    test('a stage never moves back, and confidence and severity never fall', async (t) => {
      const store = await open(t)
      const raised = anAlert({ alertId: 'a1' })
      await store.alerts.raise(raised)
      const near: Alert = {
        ...raised,
        stage: 'approaching',
        severity: 'warning',
        stageTimes: { raised: at(1), approaching: at(2) },
        peakConfidence: 0.9 as Fraction,
      }
      assert.equal(await store.alerts.advance(near), true)
      assert.equal(await store.alerts.advance({ ...raised, peakConfidence: 0.95 as Fraction }), false)
      assert.equal(await store.alerts.advance({ ...near, severity: 'notice', peakConfidence: 0.8 as Fraction }), true)
      assert.deepEqual(await store.alerts.open('ETH'), [near])
    })

    test('the last ended alert of a side is the one that ended last', async (t) => {
      const store = await open(t)
      for (const [alertId, endedAt] of [
        ['a1', 50],
        ['a2', 40],
      ] as const) {
        const alert = anAlert({ alertId, clusterId: alertId })
        await store.alerts.raise(alert)
        await store.alerts.advance(ended(alert, at(endedAt), 'vanished'))
      }
      assert.equal((await store.alerts.lastEnded('ETH', 'sell'))?.alertId, 'a1')
      assert.equal(await store.alerts.lastEnded('ETH', 'buy'), undefined)
    })

    test('alerts are counted by when they were raised and listed by whether they still stood', async (t) => {
      const store = await open(t)
      for (const [alertId, asset, raisedAt, endedAt] of [
        ['a1', 'ETH', 10, 20],
        ['a2', 'ETH', 11, 60],
        ['a3', 'BTC', 30, undefined],
        ['a4', 'ETH', 40, undefined],
      ] as const) {
        const alert = anAlert({ alertId, clusterId: alertId, asset, raisedAt: at(raisedAt) })
        await store.alerts.raise(alert)
        if (endedAt !== undefined) await store.alerts.advance(ended(alert, at(endedAt), 'faded'))
      }
      assert.equal(await store.alerts.countRaised('ETH', at(10)), 2)
      assert.equal(await store.alerts.countRaised('ETH', at(9)), 3)
      assert.equal(await store.alerts.countRaised('BTC', at(30)), 0)
      const standing = await store.alerts.standingSince(at(20))
      assert.deepEqual(
        standing.map(({ alertId }) => alertId),
        ['a2', 'a3', 'a4'],
      )
    })
  })
}
