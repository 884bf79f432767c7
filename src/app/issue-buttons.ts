import type { Card } from '../domain/card.ts'
import { DAY, type TimestampMs } from '../domain/units.ts'
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
  return withIds(card, issued)
}

/** Long before ids are forgotten as too old, so that none is handed out that soon will be. */
const REMEMBERED_FOR = DAY
/** Beyond this many the ones issued longest ago are asked for again. */
const MOST_REMEMBERED = 10_000

export interface AnswerPlace extends Place {
  /** Tells this answer from every other. */
  readonly answerKey: string
}

/**
 * The same for answers to commands. What may be pressed any number of times means the same under every answer of a place, so it
 * has one id there, its reader's own where the answer is for one member: issued once, remembered, and free from then on. A button
 * that counts once, or asks for words, belongs to its own answer.
 */
export function createAnswerButtons(
  store: Pick<Store, 'buttons'>,
  ids: Ids,
): (card: Card, place: AnswerPlace, at: TimestampMs) => Promise<Card> {
  const remembered = new Map<string, { readonly at: TimestampMs; readonly id: Promise<string> }>()

  const idsOf = (place: Place, commands: readonly string[], at: TimestampMs): Promise<readonly string[]> => {
    const cardKey = ['answers', ...(place.memberId === undefined ? [] : [place.memberId])].join(':')
    const keyOf = (command: string): string => [place.platform, place.channel, cardKey, command].join('\n')
    const missing = [...new Set(commands)].filter((command) => {
      const known = remembered.get(keyOf(command))
      return !known || at - known.at >= REMEMBERED_FOR
    })
    if (missing.length > 0) {
      const plain = missing.map((command) => ({ command, once: false }))
      const issued = store.buttons.issue(cardKey, place, plain, { newId: () => ids.rowId(), at })
      for (const [i, command] of missing.entries()) {
        const key = keyOf(command)
        const one = { at, id: issued.then((all) => all[i]!) }
        remembered.delete(key)
        remembered.set(key, one)
        one.id.catch(() => remembered.get(key) === one && remembered.delete(key))
      }
    }
    const known = Promise.all(commands.map((command) => remembered.get(keyOf(command))!.id))
    while (remembered.size > MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    return known
  }

  return async (card, { answerKey, ...place }, at) => {
    const { buttons = [], select } = card
    const offered = [...buttons, ...(select?.choices ?? [])]
    if (offered.length === 0) return card
    if (offered.some((one) => one.once || ('asks' in one && one.asks !== undefined)))
      return issueButtons(store, card, { cardKey: answerKey, place, ids, at })
    const said = offered.map(({ command }) => command)
    return withIds(card, await idsOf(place, said, at))
  }
}

/** `ids` for its buttons and then its choices. */
function withIds(card: Card, ids: readonly string[]): Card {
  const { buttons = [], select } = card
  return {
    ...card,
    buttons: buttons.map((button, i) => ({ ...button, id: ids[i]! })),
    ...(select && {
      select: {
        ...select,
        choices: select.choices.map((choice, i) => ({ ...choice, id: ids[buttons.length + i]! })),
      },
    }),
  }
}
