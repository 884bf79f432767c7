import type pg from 'pg'
import { bareBook } from './hedge-status.ts'

type Platform = 'discord' | 'telegram'

/** What who asks needs of the record, in one go for all who came meanwhile: heard and looked up, the book, noted as answered. */
export function bareRecord(pool: pg.Pool, platform: Platform, book: Parameters<typeof bareBook>[1]) {
  const asked: (readonly [userId: string, id: string])[] = []
  let last: Promise<void> = Promise.resolve()
  let gathering: Promise<void> | undefined
  const readAll = async (): Promise<void> => {
    gathering = undefined
    const all = asked.splice(0)
    const ids = all.map(([, id]) => id)
    const seen = 'insert into seen_interactions (platform, interaction_id, seen_at) select $1, unnest($2::text[]), 0'
    const member = 'members join member_identities using (member_id)'
    const mine = 'platform = $1 and platform_user_id = any ($3)'
    const users = all.map(([userId]) => userId)
    await pool.query(`with s as (${seen}) select * from ${member} where ${mine}`, [platform, ids, users])
    await bareBook(pool, book)
    const done = 'update seen_interactions set answered_at = 0 where platform = $1 and interaction_id = any ($2)'
    await pool.query(done, [platform, ids])
  }
  return (userId: string, id: string): Promise<void> => {
    asked.push([userId, id])
    gathering ??= last = last.then(readAll)
    return gathering
  }
}
