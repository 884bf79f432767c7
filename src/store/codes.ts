import type { Role } from '../domain/member.ts'
import { timestamp } from '../domain/units.ts'
import type { Code, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { present, storable } from './json.ts'

/** One-time codes: of two who redeem one at the same instant, one gets it. */
export function createCodes({ db }: StoreContext): Store['codes'] {
  return {
    async create(code) {
      await db
        .insertInto('one_time_codes')
        .values({
          code_hash: code.codeHash,
          purpose: code.purpose,
          member_id: code.memberId,
          name: code.name === undefined ? null : storable(code.name),
          role: code.role ?? null,
          created_by: code.createdBy,
          created_at: code.createdAt,
          expires_at: code.expiresAt,
        })
        .execute()
    },

    async redeem(codeHash, at) {
      const row = await db
        .updateTable('one_time_codes')
        .set({ redeemed_at: at })
        .where('code_hash', '=', codeHash)
        .where('redeemed_at', 'is', null)
        .where('expires_at', '>', at)
        .returningAll()
        .executeTakeFirst()
      return (
        row &&
        present<Code>({
          codeHash: row.code_hash,
          purpose: row.purpose as Code['purpose'],
          memberId: row.member_id,
          name: row.name,
          role: row.role as Role | null,
          createdBy: row.created_by,
          createdAt: timestamp(row.created_at),
          expiresAt: timestamp(row.expires_at),
        } as { [K in keyof Code]: Code[K] | null })
      )
    },
  }
}
