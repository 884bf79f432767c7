import type { Call } from './http-call.ts'

/** Discord, barely: a socket that says who it is; for each command one request to acknowledge, `work`, one with its answer. */
export async function bareDiscord(
  { apiRoot, token, guildId, applicationId }: Record<'apiRoot' | 'token' | 'guildId' | 'applicationId', string>,
  { call, commands, work }: { call: Call; commands: object; work: (userId: string, id: string) => Promise<string> },
): Promise<() => Promise<void>> {
  const api = `${apiRoot}/v10`
  await call('PUT', `${api}/applications/${applicationId}/guilds/${guildId}/commands`, JSON.stringify(commands), token)
  const socket = new WebSocket(JSON.parse(await call('GET', `${api}/gateway/bot`, '', token)).url)
  const ready = Promise.withResolvers<void>()
  const answer = async (d: { id: string; token: string; member: { user: { id: string } } }): Promise<void> => {
    await call('POST', `${api}/interactions/${d.id}/${d.token}/callback?with_response=true`, '{"type":5,"data":{}}')
    const body = await work(d.member.user.id, d.id)
    await call('PATCH', `${api}/webhooks/${applicationId}/${d.token}/messages/@original`, body)
  }
  socket.onmessage = ({ data }) => {
    const { op, t, d } = JSON.parse(data)
    if (op === 10) socket.send(JSON.stringify({ op: 2, d: { token } }))
    if (t === 'READY') ready.resolve()
    if (t === 'INTERACTION_CREATE') answer(d).catch(ready.reject) // who asks notices that there is no answer
  }
  await ready.promise
  return async () => socket.close()
}
