import { bundleProcess } from './bundle.ts'
import { type Available, type Breakage, planRun, type RunPlan } from './plan.ts'
import { executeRun, type RunResult, type Servers } from './run.ts'
import { startDatabase, startRedis } from './servers.ts'

export interface HarnessOptions {
  readonly seed: string
  /** Numbers of the runs, in the order in which they begin. */
  readonly runs: readonly number[]
  /** Runs at once. */
  readonly atOnce: number
  readonly breakage?: Breakage | undefined
  readonly onResult?: (result: RunResult) => void
  /** True: no further run begins, and those under way are given up. */
  readonly isEnough?: (result: RunResult) => boolean
  /** The same from outside. */
  readonly signal?: AbortSignal
}

/** Carries the runs out, several at once; those that restart a server take turns on one that is kept for it. */
export async function runAll(servers: Servers, options: HarnessOptions): Promise<readonly RunResult[]> {
  const { seed, runs, atOnce, breakage, onResult, isEnough } = options
  const over = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal
  const waiting = runs.map((run) => planRun(seed, run, available(servers)))
  const results: RunResult[] = []
  const isBusy = { database: false, redis: false }
  const one = async (plan: RunPlan): Promise<void> => {
    const result = await executeRun(plan, servers, { breakage, signal })
    if (!result) return
    results.push(result)
    onResult?.(result)
    if (isEnough?.(result)) over.abort()
  }
  const work = async (): Promise<void> => {
    while (!signal.aborted && waiting.length > 0) {
      const i = waiting.findIndex(({ restart }) => !restart || !isBusy[restart.what])
      // Only restarts are left, and their server is in use: whoever uses it goes on with them.
      if (i < 0) return
      const [plan] = waiting.splice(i, 1) as [RunPlan]
      const what = plan.restart?.what
      if (what) isBusy[what] = true
      try {
        await one(plan)
      } finally {
        if (what) isBusy[what] = false
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

/**
 * Starts what the runs need of databases and Redis, and bundles what they start.
 *
 * @param options.restarts - whether some of the runs restart their servers, which then have others of their own
 */
export async function startServers({
  restarts,
}: {
  readonly restarts: boolean
}): Promise<Servers & { stop(): Promise<void> }> {
  const opened: { stop(): Promise<void> }[] = []
  const opening = <T extends { stop(): Promise<void> } | undefined>(server: T): T => {
    if (server) opened.unshift(server)
    return server
  }
  const stop = async (): Promise<void> => {
    for (const server of opened) await server.stop()
  }
  try {
    const program = opening(await bundleProcess())
    const redis = opening(await startRedis())
    const steady = opening(await startDatabase())
    const shaken = restarts ? opening(await startDatabase()) : steady
    const shakenRedis = restarts && redis?.restart ? opening(await startRedis()) : undefined
    return { program, steady, shaken, redis, shakenRedis, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What a plan may ask for. */
export const available = ({ redis, shakenRedis }: Pick<Servers, 'redis' | 'shakenRedis'>): Available => ({
  redis: redis !== undefined,
  redisRestarts: shakenRedis !== undefined,
})
