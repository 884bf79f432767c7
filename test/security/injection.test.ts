import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../commands/index.ts'
import { optionSpecs } from '../../src/chat/options.ts'
import { GROUP, PEOPLE, person } from '../support/chat-desk.ts'
import { testSettings } from '../support/desk-settings.ts'
import type { DiscordMessageSeen } from '../support/discord-shapes.ts'
import { ARGUMENTS } from '../support/rights.ts'
import { HOSTILE } from './hostile.ts'
import { ADA, idOf, openTarget, type Target } from './target.ts'

const ADAM = idOf(PEOPLE.admin)
/** Discord's own client would not let anyone send more in one option. */
const LONGEST_OPTION = 6_000
/** Formatting, a link, a mention or an emoji of a server that nothing escapes. */
const LIVE = /(?<!\\)(?:\\\\)*[*_~`|[\]<]|@(?!\u200b)|(?<!\\):\/\//
const STRANGE = /[\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
/** What a person never types into an option of these: it is picked from a list that the platform holds them to. */
const typable = commands.flatMap((command) =>
  optionSpecs(command)
    .filter(({ kind, choices }) => kind === 'string' && choices === undefined)
    .map(({ name }) => ({ command, option: name })),
)

/** Every text of a Discord message that is rendered: of these no formatting may come alive. */
const rendered = ({ content, embeds }: DiscordMessageSeen): readonly string[] => [
  content.replace(/^<@\d+> /, ''),
  ...embeds.flatMap(({ title = '', description = '', fields = [] }) => [
    title,
    description,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ]),
]

function assertTame({ discord, telegram }: Target): void {
  for (const { method, path, body } of discord.requests) {
    if (method === 'GET' || method === 'DELETE' || method === 'PUT') continue
    const {
      type,
      data,
      allowed_mentions: allowed,
      embeds,
    } = (body ?? {}) as {
      type?: number
      data?: { allowed_mentions?: object }
      allowed_mentions?: object
      embeds?: unknown
    }
    if (embeds !== undefined) assert.deepEqual(allowed, { parse: [] }, `${method} ${path} mentions nobody`)
    if (type === 4) assert.deepEqual(data?.allowed_mentions, { parse: [] })
    assert.doesNotMatch(JSON.stringify(body), STRANGE, `${method} ${path}`)
  }
  assert.deepEqual(discord.violations, [])
  for (const { html, entities } of telegram.messages) {
    assert.doesNotMatch(html, STRANGE)
    for (const { type } of entities)
      assert.ok(['bold', 'italic', 'code', 'text_link', 'blockquote'].includes(type), html)
    for (const { url } of entities) assert.ok(url === undefined || /^tg:\/\/user\?id=\d+$/.test(url), html)
  }
  assert.deepEqual(telegram.problems, [])
}

test('no text that someone types into an option of any command comes alive on Discord or breaks anything', async (t) => {
  const target = await openTarget(t)
  const { discord, desk } = target
  await target.offer()
  for (const { command, option } of typable) {
    const answers = HOSTILE.filter((text) => text.length <= LONGEST_OPTION).map(async (text) => {
      const options = { ...ARGUMENTS[command.name], [option]: text }
      return { text, answer: await discord.sendCommand({ userId: String(ADAM), name: command.name, options }).answer() }
    })
    for (const { text, answer } of await Promise.all(answers)) {
      const said = `/${command.name} ${option}=${JSON.stringify(text.slice(0, 60))}`
      assert.doesNotMatch(answer.text, /That failed|Something failed/, said)
      for (const shown of rendered(answer)) assert.doesNotMatch(shown, LIVE, said)
    }
    await desk.store.settings.setTradingState('active', { by: 'system', at: desk.clock.now(), reason: 'begin anew' })
  }
  await desk.settle()
  assertTame(target)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
  assert.ok((await desk.store.members.list()).length >= Object.keys(PEOPLE).length)
})

test('no text that someone types after any command breaks Telegram’s HTML, and it shows as it was typed', async (t) => {
  const target = await openTarget(t)
  const { telegram, desk, logged } = target
  await target.offer()
  for (const { name } of commands) {
    for (const text of HOSTILE) {
      telegram.say(`/${name.replace(' ', '_')} ${text.slice(0, 4_000)}`, { from: { id: ADAM }, chat: GROUP })
    }
    await target.heard()
    await desk.store.settings.setTradingState('active', { by: 'system', at: desk.clock.now(), reason: 'begin anew' })
  }
  await desk.settle()
  assertTame(target)
  assert.deepEqual(
    logged.filter((line) => JSON.parse(line).level >= 50),
    [],
  )
  const { text } = await target.tell(ADAM, '/weather <b>&amp;</b> &lt;')
  assert.match(text, /^⛔ Unknown command: \/weather <b>&amp;<\/b>/)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

test('a reason is shown on the card of both platforms as it was typed, with no life of its own', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  const reasons = HOSTILE.filter((text) => text.trim().length > 0 && text.length <= 300)
  for (const [i, reason] of reasons.entries()) {
    const { proposal, onDiscord, onTelegram } = await target.offer(i % 2 === 0 ? 0.5 : 0.7)
    const userId = String(idOf(ADA))
    const opened = discord.pressButton({ userId, message: onDiscord, label: 'Decline' })
    const answer = await (await discord.submitModal({ userId, opened, value: reason })).answer()
    const declined = /^Declined/.test(answer.text)
    // What is nothing but blanks is asked for again.
    assert.ok(declined || answer.text.startsWith('/decline'), `${JSON.stringify(reason)}: ${answer.text}`)
    if (!declined) continue
    await desk.settle()
    const card = discord.messages.find(({ id }) => id === onDiscord.id)!
    for (const shown of rendered(card)) assert.doesNotMatch(shown, LIVE, reason)
    const visible = (text: string): string => text.replace(/[^\p{L}\p{N}\p{P}\p{S}]/gu, '')
    const wanted = visible(reason.toWellFormed().replaceAll('\0', '').replaceAll('\u202e', '')).replaceAll('\ufffd', '')
    for (const text of [card.text, telegram.messages.find(({ messageId }) => messageId === onTelegram.messageId)!.text])
      assert.ok(visible(text).replaceAll('\ufffd', '').includes(wanted), `${reason} on ${text}`)
    assert.equal((await desk.find(proposal)).state, 'declined')
  }
  assertTame(target)
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
  const shown = await discord
    .sendCommand({ userId: String(ADAM), name: 'audit', options: { limit: 20, what: 'proposal.' } })
    .answer()
  for (const text of rendered(shown)) assert.doesNotMatch(text, LIVE)
})

test('a question put to someone with a hostile name names them and nobody else, and stays a question', async (t) => {
  const target = await openTarget(t)
  const { telegram } = target
  const names = [
    '</a><a href="tg://user?id=904">Adam',
    '<b>x</b>&amp;',
    'A\nRef 0000000000000000 reason',
    '@everyone',
    'x'.repeat(64),
  ]
  for (const [i, name] of names.entries()) {
    const offer = await target.offer(i % 2 === 0 ? 0.5 : 0.7)
    const at = offer.onTelegram.buttons.findIndex(({ text }) => text === 'Decline')
    const before = telegram.messages.length
    telegram.press(offer.onTelegram.messageId, at, { from: { id: idOf(ADA), name } })
    const question = await telegram.until(() => telegram.messages.slice(before).find(({ forceReply }) => forceReply))
    assert.deepEqual(
      question.entities.filter(({ type }) => type === 'text_link').map(({ url }) => url),
      [`tg://user?id=${idOf(ADA)}`],
    )
    assert.ok(question.text.includes(name))
    telegram.reply(question.messageId, 'because', { from: { id: idOf(ADA), name } })
    await target.heard()
    assert.equal(await target.stateOf(offer.proposal), 'declined', name)
  }
  assertTame(target)
})

test('a name on record that should never have got there is shown as text in every list', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  for (const [i, name] of HOSTILE.entries()) {
    if (name.length > 300) continue
    await desk.store.members.put({ ...person(`odd${i}`, i % 2 === 0 ? 'viewer' : 'none', 2_000 + i), name })
  }
  for (const name of ['members', 'oncall', 'audit', 'deliveries', 'help'].filter((one) =>
    commands.some((c) => c.name === one),
  )) {
    const sent = discord.sendCommand({ userId: String(ADAM), name })
    await sent.answer()
    const before = telegram.messages.length
    telegram.say(`/${name}`, { from: { id: ADAM }, chat: GROUP })
    await telegram.until(() => telegram.messages[before])
    for (const message of sent.answers) for (const text of rendered(message)) assert.doesNotMatch(text, LIVE, name)
  }
  const odd = String(2_000 + HOSTILE.indexOf('<b>bold</b><script>alert(1)</script>'))
  const me = await discord.sendCommand({ userId: odd, name: 'whoami' }).answer()
  assert.match(me.text, /^You are <b>bold<\/b>/)
  for (const text of rendered(me)) assert.doesNotMatch(text, LIVE)
  await target.heard()
  assertTame(target)
})

test('settings that a desk is made of are shown as text: the name of its book', async (t) => {
  const name = HOSTILE.filter((text) => text.length < 200 && text.isWellFormed() && !text.includes('\0')).join(' ')
  const target = await openTarget(t, { settings: { book: { ...testSettings().book, name } } })
  const { discord, telegram } = target
  const isOfBook = ({ text }: { text: string }): boolean => text.includes("'; drop table members; --")
  await target.offer()
  const answer = await discord.sendCommand({ userId: String(ADAM), name: 'hedge status' }).answer()
  assert.ok(isOfBook(answer))
  for (const message of [answer, ...discord.messages])
    for (const text of rendered(message)) assert.doesNotMatch(text, LIVE)
  assert.ok(isOfBook(await target.tell(ADAM, '/hedge_status no')))
  assert.ok(telegram.messages.filter(isOfBook).length >= 2)
  assertTame(target)
})
