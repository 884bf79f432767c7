import type { ChatAdapter, Dispatch } from '../chat/command.ts'
import type { PostgresStore } from '../store/store.ts'

type Held = Pick<PostgresStore, 'standing'>

/**
 * Answers, unless another process took this one's place while it stood still with the answer in hand: the other has given one,
 * and this process ends. What is said while the database is away is that it is away.
 */
export const answerWhileHeld =
  (store: Held, dispatch: Dispatch): Dispatch =>
  async (incoming) => {
    const card = await dispatch(incoming)
    await untilHeld(store)
    return card
  }

/** The same for what the desk is told. */
export const postWhileHeld = (store: Held, chat: ChatAdapter): ChatAdapter => ({
  ...chat,
  async post(...message) {
    await untilHeld(store)
    return chat.post(...message)
  },
  async edit(...message) {
    await untilHeld(store)
    return chat.edit(...message)
  },
})

/** Never resolves once a name is lost: no answer would be the right one, to whom it is given as little as to the desk. */
async function untilHeld(store: Held): Promise<void> {
  if ((await store.standing()) === 'lost') await new Promise<never>(() => {})
}
