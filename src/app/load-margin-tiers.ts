import { contractTerms } from '../domain/liquidation/contract-terms.ts'
import { atPrice, sameTiers, type TierTable, tiersAt } from '../domain/liquidation/margin-tiers.ts'
import { DEFAULT_TIER_TABLES } from '../domain/liquidation/tier-tables.ts'
import type { AuditEntry, MarginTierReading, Store } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

/** Every table that is known: the loaded ones on record and those that ship. */
export const readTierTables = async ({
  store,
}: {
  store: Pick<Store, 'marginTiers'>
}): Promise<readonly TierTable[]> => [...(await store.marginTiers.list()), ...DEFAULT_TIER_TABLES]

/**
 * Asks the live venues for their maintenance tables and puts on record what is new. A table that is refused, and a venue
 * that does not answer, leave the one in force where it is; both are said in the audit log, like every change.
 *
 * @returns what came of each venue and asset; nothing where the market is not live
 */
export const createLoadMarginTiers =
  ({ store, clock, marginTiers }: Ports, market: Pick<MarketState, 'tierTables'>) =>
  async (): Promise<readonly MarginTierReading[]> => {
    const readings = (await marginTiers?.load()) ?? []
    for (const reading of readings) {
      const subject = `${reading.venue} ${contractTerms(reading.venue, reading.asset)?.contract ?? reading.asset}`
      const entry = (action: string, details: AuditEntry['details']): AuditEntry => ({
        at: clock.now(),
        actor: 'system',
        action: `margin-tiers.${action}`,
        subject,
        details,
      })
      const { outcome } = reading
      switch (outcome.kind) {
        case 'loaded':
          await store.transaction(async (tx) => {
            const { table } = outcome
            const before = tiersAt(await readTierTables({ store: tx }), table, table.validFrom)
            const saved = await tx.marginTiers.save(table, clock.now())
            if (saved !== 'unchanged') await tx.audit.append(entry(saved, describeChange(table, before)))
          })
          break
        case 'rejected':
          await store.audit.append(entry('rejected', { row: outcome.row, reason: outcome.reason }))
          break
        case 'unavailable':
          await store.audit.append(entry('unavailable', { reason: outcome.reason }))
          break
        case 'needs-key':
        case 'dated-only':
          break
      }
    }
    if (readings.length > 0) market.tierTables = await readTierTables({ store })
    return readings
  }

function describeChange(table: TierTable, before: TierTable | undefined): AuditEntry['details'] {
  const { source, tiers } = table
  if (!before) return { source, rows: tiers.length }
  const same = table.referencePrice === undefined ? before : atPrice(before, table.referencePrice)
  const rowOf = (of: TierTable, row: number) => ({ ...of, tiers: of.tiers.slice(row, row + 1) })
  const longest = Math.max(tiers.length, same.tiers.length)
  const changedRows = Array.from({ length: longest }, (_, row) => row)
    .filter((row) => !sameTiers(rowOf(table, row), rowOf(same, row)))
    .map((row) => row + 1)
  return { source, rows: tiers.length, rowsBefore: before.tiers.length, changedRows, inForceBefore: before.source }
}
