import { formatPercent, formatTime } from '../domain/format.ts'
import type { Asset, Bar } from '../domain/market/tick.ts'
import type { ProposalState } from '../domain/proposal.ts'
import { DAY, type TimestampMs, timestamp } from '../domain/units.ts'
import type { Desk } from './desk.ts'

interface Script {
  readonly desk: Desk
  readonly asset: Asset
  readonly market: string
  /** Says a line as one of the demo's people and waits for the answer. */
  say(who: 'ana' | 'ben' | 'cleo' | 'tom' | 'vera', line: string): Promise<void>
  print(line: string): void
  readonly signal: AbortSignal
}

/**
 * The unattended run: asks for the status, takes the first proposal through approval to the last fill, tries one forbidden
 * and one denied thing, halts and resumes, lets the window run out, and prints figures counted from the database.
 */
export async function runScript(script: Script): Promise<void> {
  const { desk, asset, say, print, signal } = script
  const { source, store } = desk
  if (source.to === undefined)
    throw new Error('Expected a market with an end for an unattended run, was an endless one: give --to or --days')
  const started = performance.now()
  const middle = (source.from + source.to) / 2
  let stage: 'opening' | 'waiting' | 'approving' | 'executing' | 'closing' | 'done' = 'opening'
  let followed: string | undefined
  let lastAt = source.from

  const stateOf = async (): Promise<ProposalState | undefined> => {
    const [first] = await store.proposals.list({ asset, states: ['pending', 'approved', 'executing'], limit: 1 })
    if (!followed && first) followed = first.proposalId
    return followed === undefined ? undefined : (await store.proposals.find(followed as never))?.state
  }

  await desk.drive({
    signal,
    speed: () => Number.POSITIVE_INFINITY,
    async betweenSteps(at) {
      lastAt = at
      if (stage === 'opening') {
        await say('tom', '/hedge status')
        stage = 'waiting'
      }
      if (stage === 'waiting') {
        let state = await stateOf()
        if (!state && at >= middle) {
          await say('tom', `/hedge propose ${asset}`)
          state = await stateOf()
          if (!state) await say('tom', `/hedge propose ${asset} 0.6`)
          state = await stateOf()
        }
        if (state === 'pending') stage = 'approving'
        else if (state) followed = undefined
      }
      if (stage === 'approving') {
        await say('tom', `/hedge why ${followed}`)
        await say('ben', `/approve ${followed}`)
        if ((await stateOf()) === 'pending') await say('cleo', `/approve ${followed}`)
        const state = await stateOf()
        if (state === 'approved' || state === 'executing' || state === 'executed') stage = 'executing'
        else {
          followed = undefined
          stage = 'waiting'
        }
      }
      if (stage === 'executing') {
        const state = await stateOf()
        if (state === 'executed' || state === 'failed') {
          await say('tom', '/hedge status')
          await say('vera', `/hedge propose ${asset}`)
          await say('tom', `/hedge propose ${asset} 3`)
          await say('ana', '/risk halt trying the brake')
          await say('tom', `/hedge propose ${asset} 0.9`)
          await say('ana', '/risk resume')
          await say('tom', `/liq clusters ${asset}`)
          stage = 'closing'
        }
      }
    },
  })
  if (signal.aborted) throw new Error('The run was stopped before its window ended, so there are no figures.')
  await say('tom', `/liq map ${asset} 48`)
  const nearest = await nearestCluster(desk, asset)
  if (nearest) await say('tom', `/liq explain ${nearest.slice(0, 8)}`)
  await say('tom', `/liq calibration ${asset} 24h`)
  await say('tom', '/hedge history')
  await say('tom', '/alerts')
  for (const line of ['/positions', '/orders 4', `/funding ${asset}`, '/pnl', '/report daily']) await say('tom', line)
  await say('ana', '/oncall order ben,cleo')
  await say('ben', '/subscribe all warning')
  await say('ben', '/settings timezone=Europe/Berlin quiet=22:00-07:00')
  await say('ben', '/oncall')
  await say('ana', '/role vera trader')
  await say('ana', '/audit 4')
  await say('tom', '/hedge status')
  stage = 'done'
  for (const problem of source.problems().slice(0, 20)) print(`Input problem: ${problem}`)
  for (const line of await worstBars(desk, asset)) print(line)
  print(JSON.stringify(await countFigures(script, lastAt, Math.round(performance.now() - started))))
}

/** Of the clusters of the last forecast. */
async function nearestCluster({ store }: Desk, asset: Asset): Promise<string | undefined> {
  const clusters = (await store.forecasts.latest(asset))?.clusters ?? []
  return clusters.toSorted((a, b) => a.distance - b.distance)[0]?.clusterId
}

async function countFigures(
  { desk, asset, market }: Script,
  to: TimestampMs,
  wallMs: number,
): Promise<Record<string, unknown>> {
  const { store, source } = desk
  const figures = await store.figures.run(source.from, to)
  const executed = await store.proposals.list({ asset, states: ['executed'], limit: 100 })
  const status = await desk.app.reportStatus()
  const holding = status.assets.find((candidate) => candidate.holding.asset === asset)?.holding
  const { shareOfTimeUnderAlert, missingFeeds, ...counts } = figures
  return {
    market,
    from: new Date(source.from).toISOString(),
    to: new Date(to).toISOString(),
    ...counts,
    alertsPerDay: round(figures.alerts / ((to - source.from) / DAY)),
    shareOfTimeUnderAlert: round(shareOfTimeUnderAlert),
    missingFeeds,
    hedgeRatioBefore: round(executed.at(-1)?.hedgeRatioBefore ?? 0),
    hedgeRatioAfter: round(holding?.hedgeRatio ?? 0),
    wallMs,
  }
}

/**
 * Whether the desk had been warned: for each recorded series the worst bar of the window (low against open) and the alerts
 * that stood at its open. Venues crash minutes apart, so one series may have been warned and another not.
 */
async function worstBars({ store, source }: Desk, asset: Asset): Promise<readonly string[]> {
  const worst = new Map<string, Bar>()
  for await (const tick of store.observations.since(source.from)) {
    if (tick.type !== 'bar' || tick.asset !== asset) continue
    const series = `${tick.venue} ${tick.series}`
    const known = worst.get(series)
    if (known === undefined || fallOf(tick) < fallOf(known)) worst.set(series, tick)
  }
  const alerts = (await store.alerts.recent(10_000)).filter(
    (alert) => alert.asset === asset && alert.cluster.side === 'sell',
  )
  return [...worst].map(([series, bar]) => {
    const opensAt = timestamp(bar.eventAt - bar.interval)
    const before = alerts.filter((alert) => alert.raisedAt <= opensAt)
    const standing = before.find((alert) => (alert.endedAt ?? Number.POSITIVE_INFINITY) >= opensAt)
    const dayBefore = before.filter((alert) => alert.raisedAt > opensAt - DAY).length
    const said = standing
      ? `an alert stood before it, raised ${formatTime(standing.raisedAt)}`
      : `no alert stood before it${dayBefore > 0 ? `, though ${dayBefore} had been raised and ended in the day before` : ''}`
    return `Worst ${asset} bar (${series}): ${formatTime(opensAt)}, low ${formatPercent(fallOf(bar))} from its open; ${said}.`
  })
}

const fallOf = (bar: Bar): number => bar.lowPrice / bar.openPrice - 1
const round = (value: number): number => Number(value.toFixed(4))
