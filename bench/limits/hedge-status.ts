import type pg from 'pg'

type Client = Pick<pg.Client, 'query'>
type Book = readonly { asset: string; instrumentId: string }[]

/** What `/hedge status` asks of the record, statement by statement on one connection. */
export async function bareHedgeStatus(client: Client, book: Book, by: Record<'userId' | 'interactionId', string>) {
  const seen = `insert into seen_interactions (platform, interaction_id, seen_at) values ('console', $1, 0)`
  await client.query(seen, [by.interactionId])
  const member = `members join member_identities using (member_id) where platform = 'console' and platform_user_id = $1`
  await client.query(`select members.* from ${member}`, [by.userId])
  await bareBook(client, book)
}

/** The part of it that is the same for whoever asks. */
export async function bareBook(client: Client, book: Book): Promise<void> {
  for (const { asset, instrumentId } of book) {
    await client.query('select * from fills where instrument_id = $1 order by filled_at, seq', [instrumentId])
    await client.query('select * from forecasts where asset = $1 order by forecast_at desc limit 1', [asset])
    const open = `asset = $1 and state in ('pending', 'approved', 'executing')`
    await client.query(`select * from proposals where ${open} order by proposed_at desc limit 1`, [asset])
    await client.query('select * from alerts where ended_at is null and asset = $1 order by raised_at, seq', [asset])
  }
  await client.query('select * from trading_state')
  await client.query('select count(*) from outbox where delivered_at is null and not given_up')
}
