import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDiscordServer } from '../../support/discord-server.ts'

const send = ({ apiRoot, token, channelId }: Awaited<ReturnType<typeof startDiscordServer>>, body: object) =>
  fetch(`${apiRoot}/v10/channels/${channelId}/messages`, {
    method: 'POST',
    headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('a request that is not as published fails whoever closes the loopback Discord, unless it was meant', async (t) => {
  const [careless, meant] = [await startDiscordServer(), await startDiscordServer()]
  if (!careless.validates) {
    await Promise.all([careless.close(), meant.close()])
    return t.skip('shared/specs/discord-openapi.json is not on this machine')
  }
  for (const discord of [careless, meant]) {
    assert.equal((await send(discord, { content: 'x'.repeat(2_001) })).status, 400)
    assert.deepEqual(discord.messages, [])
  }
  assert.match(meant.takeViolations().join(), /content holds 2001 characters, at most 2000/)
  await meant.close()
  await assert.rejects(careless.close(), /Expected requests as published, was .*2001 characters/)
})

test('the sixth message in five seconds is refused with the headers of Discord', async () => {
  const discord = await startDiscordServer({ limits: { perMs: 60_000 } })
  const answers = []
  for (let i = 0; i < 6; i++) answers.push(await send(discord, { content: `${i}` }))
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('x-ratelimit-remaining')]),
    [4, 3, 2, 1, 0, 0].map((remaining, i) => [i < 5 ? 200 : 429, `${remaining}`]),
  )
  const last = answers[5]!
  const { retry_after, global } = (await last.json()) as { retry_after: number; global: boolean }
  assert.ok(retry_after > 0 && retry_after <= 60 && !global)
  assert.equal(last.headers.get('x-ratelimit-limit'), '5')
  assert.equal(last.headers.get('x-ratelimit-scope'), 'user')
  assert.ok(Number(last.headers.get('x-ratelimit-reset-after')) > 0)
  assert.equal(discord.limited, 1)
  await discord.close()
})
