import type {
  Clock,
  ConfidenceReport,
  Forecaster,
  Heartbeat,
  Ids,
  MarginTierSource,
  ModelFiles,
  Pager,
  Queue,
  Store,
  Trainer,
  Venue,
} from '../ports.ts'
import type { BuildFacts } from './describe-version.ts'
import type { Settings } from './settings.ts'

/** Everything a verb may touch. Built once, in main. */
export interface Ports {
  readonly store: Store
  readonly queue: Queue
  /** Where orders go, at least one; the first names the contract that proposals are about. */
  readonly venues: readonly [Venue, ...Venue[]]
  readonly forecaster: Forecaster
  /** Undefined where the market is not live: then the tables on record and those that ship are all there is. */
  readonly marginTiers?: MarginTierSource | undefined
  /** Undefined: this process keeps no record of models, and whatever its forecaster loaded answers. */
  readonly models?: ModelFiles | undefined
  /** Undefined where models cannot be trained. */
  readonly trainer?: Trainer | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: Settings
  /** Held-out figures of the confidence that is loaded; undefined where its file holds none. */
  readonly confidenceReport?: ConfidenceReport
  /** Where a critical alert goes that nobody acknowledges; undefined = nowhere outside the chats. */
  readonly pager?: Pager | undefined
  /** Who is told that we are alive; undefined = nobody outside. */
  readonly heartbeat?: Heartbeat | undefined
  /** Which build this is, for /version. */
  readonly build: BuildFacts
  /** This process, as it signs leases. */
  readonly instanceId: string
}
