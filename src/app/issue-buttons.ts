import type { Card } from '../domain/card.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Ids, Place, Store } from '../ports.ts'

/**
 * The card with an id on each button and choice, as the platform will send it back: opaque, bound to this card in this place,
 * and to its reader where the place is one member's.
 */
export async function issueButtons(
  store: Pick<Store, 'buttons'>,
  card: Card,
  { cardKey, place, ids, at }: { cardKey: string; place: Place; ids: Ids; at: TimestampMs },
): Promise<Card> {
  const { buttons = [], select } = card
  const choices = select?.choices ?? []
  if (buttons.length + choices.length === 0) return card
  const commands = [...buttons, ...choices].map((one) => ({
    command: one.command,
    once: one.once ?? false,
    ...('asks' in one ? { asks: one.asks } : {}),
  }))
  const issued = await store.buttons.issue(cardKey, place, commands, { newId: () => ids.rowId(), at })
  return {
    ...card,
    buttons: buttons.map((button, i) => ({ ...button, id: issued[i]! })),
    ...(select && {
      select: {
        ...select,
        choices: choices.map((choice, i) => ({ ...choice, id: issued[buttons.length + i]! })),
      },
    }),
  }
}
