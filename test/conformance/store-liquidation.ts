import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MapSnapshot } from '../../src/domain/liquidation/snapshot.ts'
import { DAY, HOUR } from '../../src/domain/units.ts'
import type { ClusterJudgement } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { aCluster, aForecast, at } from './store-samples.ts'

const BINS = 241

export const aSnapshot = (changes: { asset?: string; at?: number; price?: number } = {}): MapSnapshot =>
  ({
    asset: 'ETH',
    at: 0,
    price: 3_000.25,
    lowPrice: 2_990.1,
    highPrice: 3_010.000000000001,
    binWidth: 0.0025,
    firstBin: 3083,
    longs: Array.from({ length: BINS }, (_, i) => (i <= 120 ? i * 31_337 : 0)),
    shorts: Array.from({ length: BINS }, (_, i) => (i >= 120 ? 9_000_000_000 + i : 0)),
    ...changes,
  }) as unknown as MapSnapshot

export const aJudgement = (
  changes: Omit<Partial<ClusterJudgement>, 'day' | 'judgedAt'> & { day?: number; judgedAt?: number } = {},
): ClusterJudgement =>
  ({
    asset: 'ETH',
    clusterId: 'ETH-sell-1',
    day: 0,
    horizon: '24h',
    side: 'sell',
    confidence: 0.12,
    baseline: 0.1 + 0.2,
    touched: true,
    event: false,
    calibratedOn: 'simulated',
    judgedAt: 2 * DAY,
    ...changes,
  }) as ClusterJudgement

/** Maps, the clusters that were seen in them, and what came of those. */
export function describeLiquidationRecord(name: string, open: OpenStore): void {
  describe(`${name}: liquidation maps`, () => {
    test('a map comes back exactly as it went in, also above what 32 bits hold', async (t) => {
      const store = await open(t)
      assert.equal(await store.maps.latest('ETH'), undefined)
      assert.equal(await store.maps.save(aSnapshot()), true)
      assert.deepEqual(await store.maps.latest('ETH'), aSnapshot())
      assert.equal(await store.maps.latest('BTC'), undefined)
    })

    test('an hour keeps its first map', async (t) => {
      const store = await open(t)
      assert.equal(await store.maps.save(aSnapshot({ at: 5 })), true)
      assert.equal(await store.maps.save(aSnapshot({ at: HOUR - 1, price: 9 })), false)
      assert.equal(await store.maps.save(aSnapshot({ at: 6, asset: 'BTC' })), true)
      assert.equal(await store.maps.save(aSnapshot({ at: HOUR })), true)
      assert.deepEqual(await store.maps.between('ETH', at(0), at(HOUR)), [
        aSnapshot({ at: 5 }),
        aSnapshot({ at: HOUR }),
      ])
    })

    test('maps of a window come oldest first, both ends included, and retention deletes what is older', async (t) => {
      const store = await open(t)
      for (const n of [3, 1, 2, 4]) await store.maps.save(aSnapshot({ at: n * HOUR }))
      const hours = async () => (await store.maps.between('ETH', at(HOUR), at(3 * HOUR))).map((map) => map.at / HOUR)
      assert.deepEqual(await hours(), [1, 2, 3])
      assert.equal(await store.maps.deleteBefore(at(2 * HOUR)), 1)
      assert.deepEqual(await hours(), [2, 3])
    })
  })

  describe(`${name}: clusters in forecasts`, () => {
    test('the first forecast of a window comes with its clusters', async (t) => {
      const store = await open(t)
      for (const n of [30, 10, 20]) await store.forecasts.save(aForecast({ at: at(n) }), [aCluster()])
      assert.deepEqual(await store.forecasts.first('ETH', at(10), at(30)), {
        forecast: aForecast({ at: at(10) }),
        clusters: [aCluster()],
      })
      assert.equal((await store.forecasts.first('ETH', at(11), at(30)))?.forecast.at, 20)
      assert.equal(await store.forecasts.first('ETH', at(31), at(99)), undefined)
      assert.equal(await store.forecasts.first('BTC', at(0), at(99)), undefined)
    })

    test('a cluster is found by the beginning of its id as it last stood, long after it has vanished', async (t) => {
      const store = await open(t)
      const [one, other] = [aCluster({ clusterId: '7K3M9QX2' }), aCluster({ clusterId: '7K3MZZZZ' })]
      await store.forecasts.save(aForecast({ at: at(1) }), [one, other])
      const last = { ...one, notional: 7 } as typeof one
      await store.forecasts.save(aForecast({ at: at(2) }), [last])
      await store.forecasts.save(aForecast({ at: at(3) }), [])
      assert.deepEqual(await store.forecasts.findClusters('7k3m', at(0)), [
        { cluster: last, seenAt: at(2) },
        { cluster: other, seenAt: at(1) },
      ])
      assert.deepEqual(await store.forecasts.findClusters('7K3M9', at(0)), [{ cluster: last, seenAt: at(2) }])
      assert.deepEqual(await store.forecasts.findClusters('7K3M', at(3)), [])
      for (const nothing of ['ZZZZ', '%', '____']) {
        assert.deepEqual(await store.forecasts.findClusters(nothing, at(0)), [], nothing)
      }
    })

    test('a forecast that replaces one of the same instant takes its clusters back', async (t) => {
      const store = await open(t)
      await store.forecasts.save(aForecast({ at: at(1) }), [aCluster()])
      await store.forecasts.save(aForecast({ at: at(1) }), [])
      assert.deepEqual(await store.forecasts.findClusters('ETH-', at(0)), [])
    })
  })

  describe(`${name}: outcomes of clusters`, () => {
    test('a judgement comes back as it went in, what is not known absent', async (t) => {
      const store = await open(t)
      const { touched: _, event: __, ...unknown } = aJudgement({ clusterId: 'b' })
      const touchedOnly = { ...unknown, clusterId: 'c', touched: true }
      assert.equal(await store.clusterOutcomes.save([aJudgement({ clusterId: 'a' }), unknown, touchedOnly]), 3)
      assert.deepEqual(await store.clusterOutcomes.list({ horizon: '24h' }), [
        aJudgement({ clusterId: 'a' }),
        unknown,
        touchedOnly,
      ])
      assert.equal(await store.clusterOutcomes.save([]), 0)
    })

    test('the first judgement of a cluster, day and horizon stands', async (t) => {
      const store = await open(t)
      await store.clusterOutcomes.save([aJudgement()])
      const again = [aJudgement({ event: true, judgedAt: 9 * DAY }), aJudgement({ horizon: '4h' })]
      assert.equal(await store.clusterOutcomes.save(again), 1)
      assert.equal(await store.clusterOutcomes.save(again), 0)
      assert.deepEqual(await store.clusterOutcomes.list({ horizon: '24h' }), [aJudgement()])
    })

    test('judgements are listed by asset and horizon in order of day, and judged days are told apart', async (t) => {
      const store = await open(t)
      await store.clusterOutcomes.save([
        aJudgement({ day: 2 * DAY }),
        aJudgement({ day: DAY, asset: 'BTC' }),
        aJudgement({ day: DAY, clusterId: 'b' }),
        aJudgement({ day: DAY, clusterId: 'a', horizon: '4h' }),
        aJudgement({ day: DAY, clusterId: 'c', horizon: '4h' }),
      ])
      const listed = async (asset?: string) =>
        (await store.clusterOutcomes.list({ asset, horizon: '24h' })).map(({ asset, day }) => `${asset} ${day / DAY}`)
      assert.deepEqual(await listed(), ['BTC 1', 'ETH 1', 'ETH 2'])
      assert.deepEqual(await listed('ETH'), ['ETH 1', 'ETH 2'])
      assert.deepEqual(await store.clusterOutcomes.judgedDays('ETH', at(0)), [
        { day: DAY, horizon: '24h' },
        { day: DAY, horizon: '4h' },
        { day: 2 * DAY, horizon: '24h' },
      ])
      assert.equal((await store.clusterOutcomes.judgedDays('ETH', at(DAY + 1))).length, 1)
    })
  })
}
