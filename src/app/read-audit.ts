import type { AuditEntry, AuditVerdict } from '../ports.ts'
import type { Ports } from './ports.ts'

export interface AuditReading {
  /** Newest first. */
  readonly entries: readonly AuditEntry[]
  /** Of the whole log, whatever was asked for. */
  readonly verdict: AuditVerdict
}

/**
 * What was done, by whom, and whether the log is still as it was written.
 *
 * @param who - a member by id or name, `system`, or a stranger as `telegram:42`
 * @param what - what an action begins with: `proposal.`
 */
export const createReadAudit =
  ({ store }: Pick<Ports, 'store'>) =>
  async ({ limit, who, what }: { limit: number; who?: string; what?: string }): Promise<AuditReading> => {
    const wanted = who?.toLowerCase()
    const named = wanted && (await store.members.list()).find(({ name }) => name.toLowerCase() === wanted)
    const filter = {
      ...(wanted && { actor: named ? named.memberId : wanted }),
      ...(what && { action: what.toLowerCase() }),
    }
    return { entries: await store.audit.recent(limit, filter), verdict: await store.audit.verify() }
  }
