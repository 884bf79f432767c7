/** `active`; `reducing`: only what shrinks risk; `halted`: nothing new. Persisted, survives restarts. */
export const TRADING_STATES = ['active', 'reducing', 'halted'] as const
export type TradingState = (typeof TRADING_STATES)[number]
