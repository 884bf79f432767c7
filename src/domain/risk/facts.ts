import type { InstrumentId } from '../instrument.ts'
import type { Asset, VenueId } from '../market/tick.ts'
import type { BaseQty, DurationMs, Fraction, FundingPer8h, Price, TimestampMs, Usd } from '../units.ts'

/**
 * Everything that the rails judge, as it stands at one instant. Assembled by the app from the market panel, the venues' accounts
 * and the record.
 *
 * What is not known is undefined and is judged neither fine nor bad: the rail says so and stays where it is. A list holds what
 * there is to judge; something that is missing from it has gone out of sight, and its rails stay where they are too.
 */
export interface RailFacts {
  readonly at: TimestampMs
  readonly process: ProcessFacts
  /** Every instrument of ours that reconciling looks at. */
  readonly instruments: readonly InstrumentFacts[]
  /** One a venue that we trade on. */
  readonly accounts: readonly AccountFacts[]
  /** Every perpetual position that is not flat. */
  readonly legs: readonly LegFacts[]
  readonly book: BookFacts
  /** One an asset of the book. */
  readonly data: readonly DataFacts[]
  /** One an asset and venue that declares funding. */
  readonly funding: readonly FundingFacts[]
  /** One an asset of the book. */
  readonly crowding: readonly CrowdingFacts[]
  readonly model: ModelFacts
  readonly pacing: PacingFacts
}

export interface ProcessFacts {
  /** A person pulled the kill switch and has not let go of it. */
  readonly killed?: { readonly by: string; readonly reason: string } | undefined
  /** Since whoever executes orders was last heard of; 0 where that is this very process. */
  readonly heartbeatAge?: DurationMs | undefined
  /** Requests in a row that one venue refused for their key or signature: the most of any venue. */
  readonly authErrorsInARow?: number | undefined
}

/** What the last poll of one instrument found beyond what the record explains. */
export interface InstrumentFacts {
  readonly venue: VenueId
  readonly asset: Asset
  readonly instrumentId: InstrumentId
  /** Signed. Fills that the venue itself caused (liquidation, deleveraging) are explained. */
  readonly unexplainedQuantity: BaseQty
  readonly unexplainedNotional: Usd
  /** |unexplained| over |what the record says we hold|; undefined when that is nothing. */
  readonly unexplainedShare?: Fraction | undefined
  /** Polls in a row with something unexplained, and without. */
  readonly dirtyPolls: number
  readonly cleanPolls: number
}

export interface AccountFacts {
  readonly venue: VenueId
  /** How old equity and margins are. */
  readonly age?: DurationMs | undefined
  readonly equity?: Usd | undefined
  readonly initialMargin?: Usd | undefined
  readonly maintenanceMargin?: Usd | undefined
  /** |notional| of all perpetual positions on the account at mark, others' included. */
  readonly grossNotional?: Usd | undefined
  readonly status?: 'trading' | 'halted' | undefined
  /** Why it is halted, in the venue's words. */
  readonly statusReason?: string | undefined
  readonly liquidationsPaused?: boolean | undefined
  /** It has said, within the hour, that it closes positions of winners. */
  readonly deleveraging?: boolean | undefined
  /** |mark − index| / index, the greatest of what we trade there. */
  readonly markIndexGap?: Fraction | undefined
}

export interface LegFacts {
  readonly venue: VenueId
  readonly asset: Asset
  readonly side: 'long' | 'short'
  readonly notional: Usd
  /** |liquidation price / mark − 1|; undefined when neither the venue nor our own sums tell it. */
  readonly liquidationDistance?: Fraction | undefined
}

export interface BookFacts {
  /** Value of the hedged book, spot and perpetuals, with costs and funding, at 00:00 UTC of this day. */
  readonly valueAtDayStart?: Usd | undefined
  readonly value?: Usd | undefined
  readonly prices: readonly {
    readonly asset: Asset
    readonly priceAtDayStart?: Price | undefined
    readonly price?: Price | undefined
  }[]
}

/** How good the prices of one asset are. */
export interface DataFacts {
  readonly asset: Asset
  /** Live: `maxPriceAge` holds. Recorded or simulated: twice the declared cadence. */
  readonly isLive: boolean
  /** Of the newest price from anywhere; undefined when there has never been one. */
  readonly priceAge?: DurationMs | undefined
  /** The shortest that any of its price feeds declares; undefined when none is declared. */
  readonly priceCadence?: DurationMs | undefined
  /** Venues that declare prices of it. */
  readonly declaredVenues: readonly VenueId[]
  /** Those of them whose newest price is fresh. */
  readonly freshVenues: readonly VenueId[]
  /** (highest − lowest) / median of the fresh prices; undefined with fewer than two. */
  readonly dispersion?: Fraction | undefined
}

export interface FundingFacts {
  readonly asset: Asset
  readonly venue: VenueId
  readonly funding?: FundingPer8h | undefined
  /** (funding − median) / (1.4826 · median absolute deviation) over its own past. */
  readonly robustZ?: number | undefined
}

export interface CrowdingFacts {
  readonly asset: Asset
  /** Standard score of open interest in coins over its own past. */
  readonly openInterestZ?: number | undefined
  /** Share of the accounts with a position that are long. */
  readonly longShare?: Fraction | undefined
  /** Cascade gain g of the liquidation map: forced selling by one unit of fall, over depth (specification §1.4). */
  readonly gain?: number | undefined
  /** 95th percentile of g over its own past. */
  readonly gainP95?: number | undefined
}

/** Of the model in use, over the last 90 days where it says nothing else. */
export interface ModelFacts {
  readonly calibrationGatePassed?: boolean | undefined
  /**
   * Population stability index, 30 days: the greatest of features and score, each on the scale on which 0.25 is its own limit (see
   * `domain/model/drift.ts`: slow features move further without any drift).
   */
  readonly psi?: number | undefined
  /** Daily log loss has risen, and volatility alone has done better since. */
  readonly pageHinkleyAlarm?: boolean | undefined
  /** Average precision over the base rate, the upper end of its 80 % interval: below 1 it is worse than chance by more than chance. */
  readonly averagePrecisionLift?: number | undefined
  /** The newest inference gave something that is no number. */
  readonly inferenceFailed?: boolean | undefined
}

export interface PacingFacts {
  /** Proposals that trade, since 00:00 UTC. */
  readonly parentsToday?: number | undefined
  readonly assets: readonly AssetPacing[]
}

export interface AssetPacing {
  readonly asset: Asset
  /** Σ |change of the hedge ratio| by our trades in the last 60 minutes and 24 hours. */
  readonly ratioChangeLastHour?: Fraction | undefined
  readonly ratioChangeLastDay?: Fraction | undefined
  /** The newest trade of a proposal, stops and forced closings apart; undefined when there is none on record. */
  readonly lastTrade?: { readonly side: 'buy' | 'sell'; readonly at: TimestampMs } | undefined
}
