import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../commands/index.ts'
import { type ChatDesk, GROUP, openChatDesk, PEOPLE } from '../support/chat-desk.ts'
import { ARGUMENTS, ASKERS, type Askers, RIGHTS } from '../support/rights.ts'

const WIDE = { heard: 1_000_000, refused: 1_000_000, completed: 1_000_000 }
const STRANGER = 899
const idOf = (asker: Askers): number =>
  asker === 'stranger' ? STRANGER : Number(PEOPLE[asker].identities[0]!.platformUserId)

/** Says a command as a person would on the platform, and gives back the text of what was answered. */
type Ask = (name: string, asker: Askers) => Promise<string>

const onDiscord =
  ({ discord }: ChatDesk): Ask =>
  async (name, asker) =>
    (await discord.sendCommand({ userId: String(idOf(asker)), name, options: ARGUMENTS[name] }).answer()).text

const onTelegram =
  ({ telegram }: ChatDesk): Ask =>
  async (name, asker) => {
    const before = telegram.messages.length
    const words = [`/${name.replace(' ', '_')}`, ...Object.values(ARGUMENTS[name] ?? {})].join(' ')
    telegram.say(words, { from: { id: idOf(asker) }, chat: GROUP })
    return (await telegram.until(() => telegram.messages[before], { what: `an answer to ${words} of ${asker}` })).text
  }

test('the table names every command and nothing else', () => {
  assert.deepEqual(Object.keys(RIGHTS).sort(), commands.map(({ name }) => name).sort())
})

for (const [platform, on] of [
  ['discord', onDiscord],
  ['telegram', onTelegram],
] as const) {
  test(`on ${platform} each command is answered to exactly those of the table`, async (t) => {
    const chatDesk = await openChatDesk(t, { paceLimits: WIDE })
    const ask = on(chatDesk)
    const { desk } = chatDesk
    await desk.forecast()
    let forbidden = 0
    for (const { name } of commands) {
      for (const asker of ASKERS) {
        const allowed = RIGHTS[name]!.includes(asker)
        const text = await ask(name, asker)
        assert.equal(/^\W*Forbidden/.test(text), !allowed, `${asker} and /${name} on ${platform}: ${text}`)
        assert.doesNotMatch(text, /That failed/, `${asker} and /${name} on ${platform}`)
        if (!allowed) forbidden++
      }
    }
    assert.equal(await desk.store.audit.count('command.forbidden'), forbidden)
    assert.deepEqual(await desk.store.audit.verify().then(({ kind }) => kind), 'intact')
    // Everything that was done was done by someone whose role allows it.
    for (const { action, actor } of await desk.store.audit.recent(10_000)) {
      if (action.startsWith('trading-state.') || action.startsWith('member.')) assert.equal(actor, 'adam', action)
    }
  })
}
