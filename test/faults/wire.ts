import type { Endpoint } from '../../src/venues/live/client.ts'
import type { Breakage, RunPlan, Steering, Step } from './plan.ts'

/** What a process under test is started with: one line of JSON, its only argument. */
export interface Assignment {
  readonly plan: RunPlan
  readonly connectionString: string
  /** Undefined: the queue is in the database. */
  readonly redisUrl: string | undefined
  readonly queueName: string
  readonly endpoint: Endpoint
  /** Wall clock, when the market of this run began. */
  readonly startedAt: number
  /** Where it ends itself; steps that only the venue sees are the parent's. */
  readonly ending: { readonly how: 'kill' | 'freeze'; readonly step: Step; readonly nth: number } | undefined
  readonly breakage: Breakage | undefined
}

/** What it says on stdout, a line of JSON each. */
export type Said =
  /** `pace`: how many times longer than usual everything takes on this machine just now. CPU since it was started. */
  | { readonly kind: 'ready'; readonly pace: number; readonly cpuMs: number }
  /** Undefined: it failed, and may be told again. */
  | { readonly kind: 'steered'; readonly to: Steering | undefined }
  /** Its last words: SIGKILL or SIGSTOP follows at once. */
  | { readonly kind: 'dying' | 'freezing'; readonly step: Step }
  | { readonly kind: 'finished' }
  | { readonly kind: 'settled'; readonly isClean: boolean; readonly facts: string; readonly cpuMs: number }

/** What it is told on stdin, a line each; the end of stdin ends it. */
export type Told = `steer ${Steering}` | 'settle'
