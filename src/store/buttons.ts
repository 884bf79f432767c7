import { sql } from 'kysely'
import type { Platform } from '../domain/member.ts'
import { timestamp } from '../domain/units.ts'
import type { IssuedButton, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { present, storable } from './json.ts'

export function createButtons({ db }: StoreContext): Store['buttons'] {
  return {
    async issue(cardKey, { platform, channel, memberId = null }, commands, { newId, at }) {
      if (commands.length === 0) return []
      const said = commands.map((one) => ({ ...one, command: storable(one.command) }))
      // Each command once, and in one order everywhere, so that no two transactions wait for each other.
      const distinct = [...new Map(said.map((one) => [one.command, one])).values()].sort((a, b) =>
        a.command < b.command ? -1 : 1,
      )
      const rows = await db
        .insertInto('buttons')
        .values(
          distinct.map(({ command, once, asks = null }) => ({
            button_id: newId(),
            card_key: cardKey,
            platform,
            channel,
            member_id: memberId,
            command,
            once,
            asks,
            issued_at: at,
          })),
        )
        .onConflict((oc) =>
          oc.columns(['card_key', 'platform', 'channel', 'command']).doUpdateSet((eb) => ({
            member_id: eb.ref('excluded.member_id'),
            once: eb.ref('excluded.once'),
            asks: eb.ref('excluded.asks'),
            issued_at: eb.ref('excluded.issued_at'),
          })),
        )
        .returning(['command', 'button_id'])
        .execute()
      const ids = new Map(rows.map((row) => [row.command, row.button_id]))
      return said.map(({ command }) => ids.get(command)!)
    },

    async find(buttonId) {
      const row = await db
        .selectFrom('buttons')
        .selectAll()
        .where('button_id', '=', storable(buttonId))
        .executeTakeFirst()
      if (!row) return undefined
      return present<IssuedButton>({
        buttonId: row.button_id,
        cardKey: row.card_key,
        platform: row.platform as Platform,
        channel: row.channel,
        memberId: row.member_id,
        command: row.command,
        once: row.once,
        asks: row.asks,
        issuedAt: timestamp(row.issued_at),
      })
    },

    async press(buttonId, memberId, interactionId, at) {
      const { rows } = await sql`
        insert into button_presses as pressed (button_id, member_id, interaction_id, pressed_at)
        select button_id, ${memberId}, ${storable(interactionId)}, ${at}::bigint from buttons
        where button_id = ${storable(buttonId)}
        on conflict (button_id, member_id) do update set interaction_id = excluded.interaction_id
        where pressed.interaction_id = excluded.interaction_id
        returning button_id`.execute(db)
      return rows.length > 0
    },

    async release(buttonId, memberId) {
      await db
        .deleteFrom('button_presses')
        .where('button_id', '=', storable(buttonId))
        .where('member_id', '=', memberId)
        .execute()
    },

    async forgetBefore(at) {
      const { numDeletedRows } = await db.deleteFrom('buttons').where('issued_at', '<', at).executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
