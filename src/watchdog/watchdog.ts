import type { AddressInfo } from 'node:net'
import { createDelivery, type RetryRules } from './delivery.ts'
import type { Log } from './log.ts'
import { createBeatServer } from './server.ts'
import type { WatchdogSettings } from './settings.ts'
import { type Finding, hear, look, type SilenceRules, standingOf, startWatch } from './silence.ts'
import type { Way } from './ways.ts'
import { wordsFor } from './words.ts'

/** What /health says; the name lets others know whom they ask. */
export const SERVICE = 'breakwater-watchdog'

const LONGEST_PAUSE_MS = 3_600_000
const LOOKS_PER_SILENCE = 20
const [SHORTEST_LOOK_MS, LONGEST_LOOK_MS] = [20, 1_000]
const STRANGERS_EVERY_MS = 60_000
const RETRY: RetryRules = { firstMs: 1_000, longestMs: 60_000 }

export interface WatchdogOptions {
  readonly settings: Pick<WatchdogSettings, 'port' | 'bind' | 'silentAfterMs' | 'repeatAfterMs' | 'beat'>
  readonly ways: readonly Way[]
  readonly log: Log
  readonly retry?: RetryRules
  /** ms that only go forward: setting the machine's clock neither hides a silence nor makes one up. */
  readonly now?: () => number
}

export interface Watchdog {
  /** Where it listens, as it turned out. */
  readonly port: number
  close(): Promise<void>
}

/**
 * Listens for beats, and tells people when they stop and when they come again.
 *
 * @throws where it cannot listen
 */
export async function startWatchdog({
  settings,
  ways,
  log,
  retry = RETRY,
  now = () => performance.now(),
}: WatchdogOptions): Promise<Watchdog> {
  const { silentAfterMs, repeatAfterMs } = settings
  const lookEveryMs = Math.min(Math.max(silentAfterMs / LOOKS_PER_SILENCE, SHORTEST_LOOK_MS), LONGEST_LOOK_MS)
  const rules: SilenceRules = { silentAfterMs, repeatAfterMs, longestPauseMs: LONGEST_PAUSE_MS, lookEveryMs }
  const delivery = createDelivery(ways, { retry, log })
  let watch = startWatch(now())
  let strangerAt = Number.NEGATIVE_INFINITY

  const tell = (finding: Finding | undefined): void => {
    if (finding === undefined) return
    const alert = wordsFor(finding, Date.now())
    if (alert.over) log.info(alert.text)
    else log.error(alert.text)
    delivery.tell(alert)
  }
  const server = createBeatServer(settings.beat, {
    onBeat({ state }) {
      const seen = hear(watch, { now: now(), state })
      if (watch.beats === 0) log.info('first beat heard')
      watch = seen.watch
      tell(seen.finding)
    },
    onStranger() {
      if (now() - strangerAt < STRANGERS_EVERY_MS) return
      strangerAt = now()
      log.error('a request without the secret of HEARTBEAT_URL was refused')
    },
    onFault: (error) => log.error(`a request could not be answered: ${error.message}`),
    health() {
      const failing = delivery.failing()
      const facts = {
        service: SERVICE,
        standing: standingOf(watch),
        lastBeatAgeMs: watch.beatAt === undefined ? null : Math.round(now() - watch.beatAt),
        upMs: Math.round(now() - watch.startedAt),
        beats: watch.beats,
        ways: ways.length,
        failingWays: failing,
      }
      return { ok: failing < ways.length, facts }
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.bind, () => {
      server.removeListener('error', reject)
      // Such as too many open files: whoever connects next may be luckier, and the silence is watched all the same.
      server.on('error', (error) => log.error(`listening failed: ${error.message}`))
      resolve()
    })
  })
  const timer = setInterval(() => {
    const seen = look(watch, now(), rules)
    watch = seen.watch
    tell(seen.finding)
  }, lookEveryMs)

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(timer)
      delivery.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
