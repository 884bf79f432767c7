import { DAY, later } from '../domain/units.ts'
import type { MarketState } from './market-state.ts'
import { applyModelRetention } from './model-registry.ts'
import type { Ports } from './ports.ts'

/** Platforms send an interaction again for a day at most. */
const KEEP_INTERACTIONS = 7 * DAY
/** A button or a message older than this is answered as unknown, or posted anew. */
const KEEP_MESSAGES = 30 * DAY

/**
 * Deletes observations and maps older than the retention and returns how many rows went; keeps all without a retention. In any
 * case what only serves the chat, interactions heard and messages sent, is forgotten, and what models said is thinned; the audit
 * log keeps what was done.
 */
export const createApplyRetention =
  ({ store, clock, settings }: Ports, market: MarketState) =>
  async (): Promise<number> => {
    const at = clock.now()
    await store.commands.forgetBefore(later(at, -KEEP_INTERACTIONS))
    await store.buttons.forgetBefore(later(at, -KEEP_MESSAGES))
    await store.outbox.forgetBefore(later(at, -KEEP_MESSAGES))
    const said = await applyModelRetention({ store, clock })
    if (settings.retention === undefined) return said
    const before = later(at, -settings.retention)
    market.panel.forget(before)
    return said + (await store.observations.deleteBefore(before)) + (await store.maps.deleteBefore(before))
  }
