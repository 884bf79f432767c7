/** The venue answered, and the answer is an error by ccxt's reading of it. */
export interface Answered {
  /** HTTP status; 200 where the venue says no with it. */
  readonly status: number
  /** Parsed JSON, or undefined where it was none. */
  readonly body: unknown
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
  /** ccxt's name of it, such as `InsufficientFunds` or `ExchangeError`. */
  readonly errorName: string
}

/**
 * A request that did not end well, with how far it got: that decides what can be said of an order.
 *
 * - `no-answer`: it left, and nothing readable came back.
 * - `answered`: see `answer`.
 */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly stage: 'no-answer' | 'answered'
  readonly answer: Answered | undefined

  constructor(
    stage: RequestFailure['stage'],
    reason: string,
    { cause, answer }: { cause?: unknown; answer?: Answered } = {},
  ) {
    super(reason, { cause })
    this.stage = stage
    this.answer = answer
  }
}

/** An answer that is not what the venue documents. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

const MAX_REASON = 200

/** One line, without what ccxt puts before it, and short enough for a row and a card. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message || error.name : String(error)).replace(/\s+/g, ' ').slice(0, MAX_REASON)
