import { sameTiers, type TierTable } from '../domain/liquidation/margin-tiers.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { jsonb, present } from './json.ts'

export function createMarginTiers(context: StoreContext): Store['marginTiers'] {
  return {
    save: (table, loadedAt) =>
      atomically(context, async (db) => {
        const { venue, contract, tiers, source } = table
        const inForce = await db
          .selectFrom('margin_tiers')
          .selectAll()
          .where('venue', '=', venue)
          .where('contract', '=', contract)
          .where('valid_to', 'is', null)
          .forUpdate()
          .executeTakeFirst()
        const ofInForce = db
          .updateTable('margin_tiers')
          .where('venue', '=', venue)
          .where('contract', '=', contract)
          .where('valid_to', 'is', null)
        if (inForce && sameTiers(toTable(inForce), table)) {
          await ofInForce.set({ loaded_at: loadedAt }).execute()
          return 'unchanged'
        }
        if (inForce) await ofInForce.set({ valid_to: table.validFrom }).execute()
        await db
          .insertInto('margin_tiers')
          .values({
            venue,
            contract,
            valid_from: table.validFrom,
            tiers: jsonb(tiers),
            reference_price_usd: table.referencePrice ?? null,
            source,
            loaded_at: loadedAt,
          })
          .execute()
        return inForce ? 'changed' : 'first'
      }),

    async list() {
      const rows = await context.db
        .selectFrom('margin_tiers')
        .selectAll()
        .orderBy('venue')
        .orderBy('contract')
        .orderBy('valid_from')
        .execute()
      return rows.map(toTable)
    },
  }
}

const toTable = (row: {
  venue: string
  contract: string
  valid_from: number
  valid_to: number | null
  tiers: TierTable['tiers']
  reference_price_usd: number | null
  source: string
}): TierTable =>
  present<TierTable>({
    venue: row.venue,
    contract: row.contract,
    validFrom: row.valid_from as TierTable['validFrom'],
    validTo: row.valid_to as TierTable['validFrom'] | null,
    tiers: row.tiers,
    referencePrice: row.reference_price_usd as NonNullable<TierTable['referencePrice']> | null,
    source: row.source,
  } as { [K in keyof TierTable]: TierTable[K] | null })
