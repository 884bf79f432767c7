import { seedFrom } from '../../src/domain/hash.ts'
import { createRandom } from '../../src/domain/random.ts'
import type { Random } from '../../src/ports.ts'
import type { FaultRates } from '../support/exchange/faults.ts'

/** Inside which a process dies: just after the thing named has happened, and before the next one can. */
export const STEPS = ['decision stored', 'intent stored', 'sent', 'accepted', 'fill seen', 'fill booked'] as const
export type Step = (typeof STEPS)[number]

/** How one process ends before its time; `nth`: at which visit of the step, from 1. */
export type Ending =
  | { readonly kind: 'kill'; readonly step: Step; readonly nth: number }
  /** So long after it was started. */
  | { readonly kind: 'kill-at'; readonly ms: number }
  /** Stopped for so long, while another process takes over; then it goes on where it was. */
  | { readonly kind: 'freeze'; readonly step: Step; readonly nth: number; readonly ms: number }

export const APPROVALS = [
  'one tap',
  'double tap',
  'two members at once',
  'budget',
  'approved and declined at once',
  'approved as it expires',
] as const
export type Approval = (typeof APPROVALS)[number]

/** What a person does while it is executed. */
export type Steering = 'paused' | 'running' | 'canceling' | 'halted' | 'active'

export const BREAKAGES = ['intent-after-send', 'derived-ids'] as const
export type Breakage = (typeof BREAKAGES)[number]

/**
 * Everything that is drawn for one run before it starts. Times are ms since its first process is up, on a machine that has nothing
 * else to do; on one that is busy they are stretched by as much as the start of a process takes longer there.
 */
export interface RunPlan {
  readonly run: number
  /** Of the market's path, the proposal's ids and the faults of the wire. */
  readonly seed: string
  readonly queue: 'redis' | 'postgres'
  readonly approval: Approval
  /** Of exposure. */
  readonly ratio: number
  /** Of exposure: a second proposal, once the first is done, that takes a part of the hedge off again. */
  readonly secondRatio: number | undefined
  /** Until a proposal expires. */
  readonly expiryMs: number
  readonly schedule: { readonly kind: 'twap' | 'almgren-chriss'; readonly urgency: 'passive' | 'normal' | 'urgent' }
  readonly durationMs: number
  /** Whether orders get lost on their way to the venue; otherwise only answers do. */
  readonly losesRequests: boolean
  readonly maxClipUsd: number
  readonly passiveWaitMs: number
  readonly orderValidityMs: number
  readonly leaseTtlMs: number
  readonly maxOrdersPerMinute: number
  /** One for each process that ends early, in their order; the one after the last lives until the end. */
  readonly endings: readonly Ending[]
  /** A second process works beside the first one from the start. */
  readonly isDoubled: boolean
  readonly faults: FaultRates
  /** Of the orders, how many are under way for so long that their sender gives up on them, 0 to 1. */
  readonly delayed: number
  /** The venue's clock goes off by so much. */
  readonly skews: readonly { readonly atMs: number; readonly ms: number }[]
  readonly drops: readonly number[]
  readonly steering: readonly { readonly atMs: number; readonly to: Steering }[]
  /** The market runs away and comes back. */
  readonly jump: { readonly atMs: number; readonly forMs: number; readonly share: number } | undefined
  readonly restart:
    | { readonly what: 'database' | 'redis'; readonly atMs: number; readonly how: 'fast' | 'hard' }
    | undefined
}

/** Which servers there are on this machine. */
export interface Available {
  readonly redis: boolean
  readonly redisRestarts: boolean
}

const EVERY_RESTART_OF_DATABASE = 20
const EVERY_RESTART_OF_REDIS = 25

/**
 * The plan of one run: the same seed and number give the same plan. The first ending goes round the named steps, so that a few
 * runs visit each of them.
 */
export function planRun(seed: string, run: number, available: Available): RunPlan {
  const random = createRandom(seedFrom(`${seed}/${run}`))
  const { between, whole, pick, chance } = draws(random)
  const isDatabaseRestarted = run % EVERY_RESTART_OF_DATABASE === 7
  const isRedisRestarted = available.redisRestarts && run % EVERY_RESTART_OF_REDIS === 12 && !isDatabaseRestarted
  const queue = isRedisRestarted || (available.redis && run % 2 === 0) ? 'redis' : 'postgres'
  // 7 and 2 share no factor with 6: every step meets every backend.
  const firstStep = STEPS[Math.floor(run / 2) % STEPS.length]!
  const nth = (): number => (chance(0.6) ? 1 : whole(2, 5))
  // Mostly past its lease; sometimes past the end of the schedule, or past what the queue takes for alive.
  const frozenFor = (): number =>
    chance(0.7) ? whole(500, 2500) : chance(0.9) ? whole(2500, 9000) : whole(16_000, 20_000)
  const first: Ending = chance(0.15)
    ? { kind: 'freeze', step: firstStep, nth: nth(), ms: frozenFor() }
    : { kind: 'kill', step: firstStep, nth: firstStep === 'decision stored' ? 1 : nth() }
  const more = (): Ending =>
    chance(0.35)
      ? { kind: 'kill-at', ms: whole(0, 900) }
      : chance(0.12)
        ? { kind: 'freeze', step: pick(STEPS.slice(1)), nth: nth(), ms: frozenFor() }
        : { kind: 'kill', step: pick(STEPS.slice(1)), nth: nth() }
  const endings = [first, ...Array.from({ length: pick([0, 0, 0, 0, 1, 2]) }, more)]
  const trouble = pick([0, 0.5, 1, 1, 1.5])
  // A request that never arrived holds everything up for as long as the venue might still take it: some runs outlast that.
  const isPatient = chance(0.2) || endings.some((ending) => ending.kind === 'kill' && ending.step === 'intent stored')
  const durationMs = isPatient ? whole(8000, 11_000) : whole(1500, 4500)
  const approval = pick([...Array(6).fill(APPROVALS.slice(0, 4)).flat(), ...APPROVALS]) as Approval
  const ratio = between(0.02, 0.1)
  return {
    run,
    seed: `${seed}/${run}`,
    queue,
    approval,
    ratio,
    secondRatio: chance(0.2) ? ratio * between(0.1, 0.6) : undefined,
    expiryMs: approval === 'approved as it expires' ? whole(50, 400) : 600_000,
    schedule: {
      kind: chance(0.8) ? 'twap' : 'almgren-chriss',
      urgency: pick(['passive', 'normal', 'normal', 'urgent']),
    },
    durationMs,
    losesRequests: isPatient,
    maxClipUsd: whole(150, 900),
    passiveWaitMs: whole(40, 160),
    orderValidityMs: whole(250, 700),
    leaseTtlMs: whole(400, 1500),
    maxOrdersPerMinute: chance(0.04) ? whole(2, 6) : 1000,
    endings,
    isDoubled: chance(0.12),
    faults: {
      submit: 0.25 * trouble,
      cancel: 0.25 * trouble,
      question: 0.06 * trouble,
      duplicated: 0.2 * trouble,
      swapped: 0.2 * trouble,
    },
    delayed: 0.08 * trouble,
    skews: chance(0.12) ? [{ atMs: whole(0, durationMs), ms: pick([-1, 1]) * whole(300, 20_000) }] : [],
    drops: chance(0.3) ? [whole(0, durationMs), whole(0, 2 * durationMs)] : [],
    steering: steeringOf(pick([...Array(16).fill('none'), 'pause', 'cancel', 'halt']), () => whole(50, durationMs)),
    jump: chance(0.08)
      ? { atMs: whole(0, durationMs), forMs: whole(200, 2 * durationMs), share: pick([-1, 1]) * between(0.003, 0.008) }
      : undefined,
    restart: isDatabaseRestarted
      ? { what: 'database', atMs: whole(0, 1500), how: chance(0.5) ? 'fast' : 'hard' }
      : isRedisRestarted
        ? { what: 'redis', atMs: whole(0, 1500), how: 'hard' }
        : undefined,
  }
}

function steeringOf(what: 'none' | 'pause' | 'cancel' | 'halt', at: () => number): RunPlan['steering'] {
  const atMs = at()
  switch (what) {
    case 'none':
      return []
    case 'cancel':
      return [{ atMs, to: 'canceling' }]
    case 'pause':
      return [
        { atMs, to: 'paused' },
        { atMs: atMs + 300, to: 'running' },
      ]
    case 'halt':
      return [
        { atMs, to: 'halted' },
        { atMs: atMs + 300, to: 'active' },
      ]
  }
}

function draws(random: Random) {
  const between = (least: number, most: number): number => least + random() * (most - least)
  return {
    between,
    whole: (least: number, most: number): number => Math.floor(between(least, most + 1)),
    pick: <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!,
    chance: (share: number): boolean => random() < share,
  }
}
