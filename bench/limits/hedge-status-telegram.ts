import type { Call } from './http-call.ts'

/** Telegram, barely: one long poll after the other; for each message `work` and one request with its answer. */
export function bareTelegram(
  { apiRoot, token }: { apiRoot: string; token: string },
  { call, work }: { call: Call; work: (userId: string, id: string) => Promise<object> },
): () => Promise<void> {
  const api = `${apiRoot}/bot${token}`
  let [offset, open] = [0, true]
  const answer = async (id: number): Promise<void> => {
    const body = await work(`${id}`, `bare-${offset}-${id}`)
    await call('POST', `${api}/sendMessage`, JSON.stringify({ chat_id: id, ...body }))
  }
  const poll = async (): Promise<void> => {
    while (open) {
      const { result } = JSON.parse(await call('POST', `${api}/getUpdates`, JSON.stringify({ offset, timeout: 20 })))
      for (const { update_id, message } of result) {
        offset = update_id + 1
        void answer(message.from.id).catch(() => undefined) // who asks notices that there is no answer
      }
    }
  }
  void poll().catch(() => undefined) // the server has closed
  return async () => {
    open = false
  }
}
