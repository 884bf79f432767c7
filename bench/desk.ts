import type { ChatAdapter } from '../src/chat/command.ts'
import { parseConfig } from '../src/config.ts'
import { DAY, duration, HOUR, later, timestamp } from '../src/domain/units.ts'
import { createLog, type Logger } from '../src/log.ts'
import { DEMO_MEMBERS } from '../src/main/demo-members.ts'
import { type Desk, openDesk } from '../src/main/desk.ts'
import { createSeededIds } from '../src/main/ids.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { createSimulatedMarket } from '../src/venues/simulated/market.ts'
import { BENCH_SERVER, isBrief } from './rounds.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const FROM = timestamp(Date.UTC(2026, 0, 5))
/** To see that a benchmark runs, less history and fewer hedges will do. */
const [WARMUP_DAYS, RUN] = isBrief ? [4, HOUR] : [30, duration(DAY / 2)]
const silent = createLog('silent')

interface DeskOptions {
  readonly log?: Logger
  /** As `.env` would hold them. */
  readonly variables?: Readonly<Record<string, string>>
  readonly openChats?: () => Promise<readonly ChatAdapter[]>
}

/**
 * A whole desk in this process after half a day of the simulated market: thirty days of history are read, the first proposals
 * were approved and have been executed, forecasts and alerts are stored. Its clock stands still from there on. Where one round is
 * enough, after an hour, and four days of history.
 */
export const withDesk = <T>(
  work: (desk: Desk, connectionString: string) => Promise<T>,
  { log = silent, variables = {}, openChats = async () => [] }: DeskOptions = {},
): Promise<T> =>
  inTemporaryFolder(async (folder) => {
    const server = await startEmbedded({ folder, log, ...BENCH_SERVER })
    return closing(server.stop, async () => {
      const connectionString = server.connectionString()
      const config = parseConfig({ ...variables, DATA_DIR: folder, DATABASE_URL: connectionString })
      const assets = Object.keys(config.book.exposures)
      const desk = await openDesk({
        config,
        log,
        database: { name: 'bench', fresh: false },
        roles: ['bot', 'worker'],
        members: DEMO_MEMBERS,
        openMarket: async () =>
          createSimulatedMarket({ seed: 1, assets, from: FROM, to: later(FROM, RUN), warmupDays: WARMUP_DAYS }),
        ids: () => createSeededIds('bench'),
        channels: [],
        openChats,
        onProgress: () => undefined,
      })
      return closing(desk.close, async () => {
        await desk.drive({
          signal: new AbortController().signal,
          speed: () => Number.POSITIVE_INFINITY,
          betweenSteps: () => approveAll(desk),
        })
        await desk.queue.settled()
        return work(desk, connectionString)
      })
    })
  })

let said = 0

/** Says a command as one of the demo's people, by their console number. */
export const say = (desk: Desk, platformUserId: string, text: string) =>
  desk.dispatch({
    platform: 'console',
    platformUserId,
    channel: 'console',
    direct: true,
    interactionId: `bench-${said++}`,
    input: { kind: 'text', text },
  })

async function approveAll(desk: Desk): Promise<void> {
  for (const { proposalId } of await desk.store.proposals.list({ states: ['pending'], limit: 10 }))
    for (const approver of ['2', '3']) await say(desk, approver, `/approve ${proposalId}`)
}
