import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'

export function createCommands({ db }: StoreContext): Store['commands'] {
  return {
    async firstSeen(platform, interactionId, at) {
      const rows = await db
        .insertInto('seen_interactions')
        .values({ platform, interaction_id: interactionId, seen_at: at })
        .onConflict((oc) => oc.doNothing())
        .returning('interaction_id')
        .execute()
      return rows.length > 0
    },
  }
}
