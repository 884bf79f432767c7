import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite, type TestContext, test } from 'node:test'
import { createHistory, type Moment, walk } from '../../src/backtest/point-in-time.ts'
import {
  DAY,
  type DurationMs,
  duration,
  HOUR,
  later,
  MINUTE,
  type TimestampMs,
  timestamp,
} from '../../src/domain/units.ts'
import { openRecorded } from '../../src/main/recorded.ts'
import { madeUpConfidence } from '../domain/liquidation/made-up-confidence.ts'
import { ROOT, runProduct } from '../e2e/product.ts'
import { withoutPanels, writePanels } from './panel-folder.ts'

const [FROM, TO] = [timestamp(Date.UTC(2025, 5, 20)), timestamp(Date.UTC(2025, 5, 22))]
const FOUR_HOURS = duration(4 * HOUR)
const calibrations = madeUpConfidence()

interface Question {
  readonly from?: TimestampMs
  readonly to?: TimestampMs
  readonly every?: DurationMs
}

/** What can be kept of each stop: the map and the panel walk on. */
type Stop = Pick<Moment, 'at' | 'conditions' | 'clusters'>

async function stopsIn(
  folder: string,
  { from = FROM, to = TO, every = FOUR_HOURS }: Question = {},
  look: (moment: Moment) => void = () => undefined,
): Promise<readonly Stop[]> {
  const { market, source } = await openRecorded(folder, { asset: 'ETH', from, to })
  const stops: Stop[] = []
  for await (const moment of walk(market, { from, to, every, calibrations })) {
    look(moment)
    const { at, conditions, clusters } = moment
    stops.push({ at, conditions, clusters })
  }
  await source.close()
  return stops
}

const timesOf = (stops: readonly Stop[]): readonly number[] => stops.map(({ at }) => at)
const everyFrom = (every: number): readonly number[] =>
  Array.from({ length: (TO - FROM) / every + 1 }, (_, i) => FROM + i * every)

suite('a walk through recorded ETH', { skip: withoutPanels, concurrency: 1 }, () => {
  test('is the same whether the record ends with the window, goes on, or goes on otherwise than it did', async (t) => {
    const since = '2025-04-01'
    const cut = await stopsIn(await writePanels(t, { since, until: '2025-06-22' }))
    assert.ok(cut.flatMap(({ clusters }) => clusters).length > 20)
    assert.ok(cut.every(({ clusters }) => clusters.every(({ confidence }) => confidence['24h'].kind === 'estimated')))
    assert.deepEqual(await stopsIn(await writePanels(t, { since })), cut)
    const otherwise = { days: 10, times: 0.5 }
    const turned = await writePanels(t, { since, until: '2025-06-22', afterwards: otherwise })
    assert.deepEqual(await stopsIn(turned), cut)
    const beyond = await stopsIn(turned, { to: later(TO, DAY) })
    assert.deepEqual(beyond.slice(0, cut.length), cut, 'walked a day further, into what halved')
    assert.ok(beyond.at(-1)!.conditions.price < 0.6 * cut.at(-1)!.conditions.price)
  })

  test('stops every four hours, or every half hour, at the instants asked for', async (t) => {
    const folder = await writePanels(t, { since: '2025-05-01', until: '2025-06-23' })
    assert.deepEqual(timesOf(await stopsIn(folder)), everyFrom(FOUR_HOURS))
    assert.deepEqual(timesOf(await stopsIn(folder, { every: duration(30 * MINUTE) })), everyFrom(30 * MINUTE))
  })

  test('says nothing at an instant that was received after it', async (t) => {
    const folder = await writePanels(t, { since: '2025-05-01', until: '2025-06-23' })
    await stopsIn(folder, { every: duration(30 * MINUTE) }, ({ at, panel, map, conditions }) => {
      const bar = panel.lastBar('ETH', timestamp(at + DAY))!
      assert.ok(bar.receivedAt <= at && conditions.price === bar.closePrice)
      for (const venue of map.venues.keys())
        assert.ok(panel.latest('open-interest', venue, 'ETH', timestamp(at + DAY))!.receivedAt <= at)
    })
  })

  test('keeps the identity of its clusters from stop to stop', async (t) => {
    const stops = await stopsIn(await writePanels(t, { since: '2025-04-01', until: '2025-06-23' }))
    let [kept, clustersBefore] = [0, 0]
    for (const [i, { at, clusters }] of stops.entries()) {
      const ids = clusters.map(({ clusterId }) => clusterId)
      assert.equal(new Set(ids).size, ids.length, 'one id for one cluster')
      const earlier = stops[i - 1]?.clusters ?? []
      clustersBefore += earlier.length
      for (const cluster of clusters) {
        assert.ok(cluster.firstSeenAt >= FROM && cluster.firstSeenAt <= at)
        const same = earlier.find(({ clusterId }) => clusterId === cluster.clusterId)
        if (!same) continue
        kept++
        assert.deepEqual([cluster.side, cluster.firstSeenAt], [same.side, same.firstSeenAt])
        assert.ok(Math.abs(Math.log(cluster.peakPrice / same.peakPrice)) < 0.05, 'it does not leap')
      }
    }
    assert.ok(kept > 0.7 * clustersBefore, `${kept} of ${clustersBefore} went on`)
  })

  test('its history holds a snapshot of every hour, each with the range since the one before', async (t) => {
    const history = createHistory()
    const folder = await writePanels(t, { since: '2025-05-01', until: '2025-06-23' })
    await stopsIn(folder, { every: HOUR }, (moment) => history.take(moment))
    const snapshots = history.snapshots()
    assert.deepEqual(
      snapshots.map(({ at }) => at as number),
      everyFrom(HOUR),
    )
    assert.ok(snapshots.every(({ price, lowPrice, highPrice }) => lowPrice <= price && price <= highPrice))
    assert.ok(snapshots.filter(({ lowPrice, highPrice }) => lowPrice < highPrice).length > 40)
  })
})

const HEADER =
  'time,cluster_id,side,p_low,p_peak,p_high,notional_usd,mark_price,confidence_4h,confidence_24h,confidence_72h,baseline_24h,coverage'
const NAMES = HEADER.split(',')

async function clustersOf(t: TestContext, folder: string, words: string): Promise<string> {
  const asked = ['breakwater', 'liq-clusters', '--data', folder, ...words.split(' ').filter(Boolean)]
  const { code, stdout, stderr } = await runProduct(t, asked, {})
  assert.equal(code, 0, stderr)
  return stdout
}

suite('liq-clusters', { skip: withoutPanels, concurrency: 2 }, () => {
  const window = '--symbol ETH --from 2025-06-20 --to 2025-06-21'

  test('prints every cluster of every stop as CSV, whatever came later, and leaves empty what is undetermined', async (t) => {
    const since = '2025-01-01'
    const [cut, turned] = await Promise.all([
      clustersOf(t, await writePanels(t, { since, until: '2025-06-22' }), `${window} --csv`),
      clustersOf(t, await writePanels(t, { since, afterwards: { days: 20, times: 2 } }), `${window} --csv`),
    ])
    assert.equal(turned, cut)
    const [header, ...lines] = cut.trimEnd().split('\n')
    assert.equal(header, HEADER)
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [NAMES[i], cell])))
    assert.deepEqual([...new Set(rows.map(({ time }) => Date.parse(time!)))], everyFrom(FOUR_HOURS))
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), NAMES)
      assert.match(row.cluster_id!, /^[0-9A-Z]+$/)
      assert.match(row.side!, /^(buy|sell)$/)
      const [low, peak, high, mark] = [row.p_low, row.p_peak, row.p_high, row.mark_price].map(Number)
      assert.ok(low! <= peak! && peak! <= high!)
      assert.equal(row.side, peak! < mark! ? 'sell' : 'buy', 'longs are closed below the price, shorts above it')
      assert.ok(Number.isInteger(Number(row.notional_usd)) && Number(row.notional_usd) > 0)
      assert.ok(Number(row.coverage) > 0 && Number(row.coverage) <= 1)
      // Within four hours too little happened before the window to say anything; of three days enough did.
      assert.equal(row.confidence_4h, '')
      assert.ok(Number(row.confidence_72h) > 0 && Number(row.confidence_72h) < 1)
      assert.equal(row.confidence_24h === '', row.baseline_24h === '')
    }
  })

  test('prints the same as one JSON value a line, without a cell that is undetermined', async (t) => {
    const folder = await writePanels(t, { since: '2025-05-01', until: '2025-06-22' })
    const asked = '--symbol eth --from 2025-06-20 --to 2025-06-20T01:00Z --every 30m'
    const [csv, json] = await Promise.all([clustersOf(t, folder, `${asked} --csv`), clustersOf(t, folder, asked)])
    const lines = csv.trimEnd().split('\n').slice(1)
    const values = json
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.ok(values.length > 3)
    assert.deepEqual(
      values.map((value) => NAMES.map((name) => value[name] ?? '').join(',')),
      lines,
    )
    assert.equal(new Set(values.map(({ time }) => time)).size, 3)
    for (const value of values) assert.ok(!('confidence_24h' in value) && 'coverage' in value)
  })

  test('ends quietly when its reader has seen enough, as head does', async (t) => {
    const folder = await writePanels(t, { since: '2025-05-01', until: '2025-06-22' })
    const words = ['--data', folder, '--from', '2025-05-20', '--to', '2025-06-20', '--every', '30m', '--csv']
    const child = spawn(process.execPath, ['src/main.ts', 'liq-clusters', ...words], { cwd: ROOT })
    t.after(() => child.kill('SIGKILL'))
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk))
    const ended = once(child, 'close')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    assert.deepEqual(await ended, [0, null], stderr)
    assert.doesNotMatch(stderr, /EPIPE|^\s+at /m)
  })
})
