import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { pino } from 'pino'
import { createTelegramChat } from '../../src/chat/telegram.ts'
import type { Card } from '../../src/domain/card.ts'
import { ANNA, APPROVE_ID, COMMANDS, DECLINE_ID, DESK, onTelegram, PROPOSAL } from '../support/telegram-desk.ts'
import { startTelegramServer } from '../support/telegram-server.ts'

test('a command is answered, in each way Telegram lets people write it', () =>
  onTelegram(async ({ server, heard }) => {
    const update = server.say('/hedge status', { from: ANNA, chat: DESK })
    const answer = await server.waitFor(({ text }) => text.includes('heard /hedge status from 42'))
    assert.equal(answer.chat, String(DESK))
    assert.ok(answer.answers !== undefined)
    assert.deepEqual(heard[0], {
      platform: 'telegram',
      platformUserId: '42',
      channel: String(DESK),
      direct: false,
      interactionId: `update-${update}`,
      input: { kind: 'text', text: '/hedge status' },
    })
    for (const text of ['/hedge_status', '/hedge@BreakwaterBot status', '/hedge_status@breakwaterbot ETH', '/start']) {
      server.say(text, { from: ANNA, chat: DESK })
    }
    await server.until(() => (heard.length === 5 ? true : undefined))
    assert.deepEqual(
      heard.slice(1).map(({ input }) => (input.kind === 'text' ? input.text : '')),
      ['/hedge status', '/hedge status', '/hedge status ETH', '/help'],
    )
    const menu = server.calls.find(({ method }) => method === 'setMyCommands')!.params.commands
    assert.deepEqual(
      menu,
      COMMANDS.map(({ name, description }) => ({ command: name.replace(' ', '_'), description })),
    )
  }))

test('a press tells the id of its button, acknowledged first and answered under the card', () =>
  onTelegram(async ({ server, chat, heard }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    assert.deepEqual(
      server.messages[0]!.buttons.map(({ callback_data }) => callback_data),
      [APPROVE_ID, DECLINE_ID],
    )
    server.press(Number(messageId), 0, { from: ANNA })
    const answer = await server.waitFor(({ text }) => text.includes(`heard pressed ${APPROVE_ID} from 42`))
    assert.equal(answer.answers, Number(messageId))
    assert.deepEqual(heard[0]!.input, { kind: 'press', buttonId: APPROVE_ID })
    const order = server.calls.map(({ method }) => method)
    assert.ok(order.indexOf('answerCallbackQuery') < order.lastIndexOf('sendMessage'))
  }))

test('a press that Telegram has forgotten is still carried out', async () => {
  let log: readonly string[] = []
  await onTelegram(async ({ server, chat, logged }) => {
    log = logged
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    server.press(Number(messageId), 1, { from: ANNA, stale: true })
    await server.waitFor(({ text }) => text.includes(`heard pressed ${DECLINE_ID}`))
  })
  assert.match(log.join(''), /query is too old/)
})

test('what was typed and pressed while the bot was down is answered', () =>
  onTelegram(
    async ({ server }) => {
      await server.waitFor(({ text }) => text.includes('heard /hedge status from 42'))
      await server.waitFor(({ text }) => text.includes('heard /help from 43'))
    },
    {
      before(server) {
        server.say('/hedge status', { from: ANNA, chat: DESK })
        server.say('/help', { from: { id: 43 }, chat: 43 })
      },
    },
  ))

test('an answered command is not delivered to the next start', async () => {
  const server = await startTelegramServer()
  const heard: string[] = []
  for (const run of ['first', 'second']) {
    const chat = createTelegramChat({
      ...{ token: server.token, apiRoot: server.apiRoot, channels: [], commands: COMMANDS },
      log: pino({ level: 'silent' }),
      timing: { pollSeconds: 5 },
    })
    await chat.start(async ({ interactionId }) => {
      heard.push(`${run} ${interactionId}`)
      return { tone: 'ok', title: `${run} run` }
    })
    server.say('/help', { from: ANNA, chat: 42 })
    await server.waitFor(({ text }) => text.includes(`${run} run`))
    await chat.close()
  }
  await server.close()
  assert.deepEqual(heard, ['first update-1000', 'second update-1001'])
})

test('small talk in a group is ignored, in private it gets a hint', () =>
  onTelegram(async ({ server, heard }) => {
    server.say('good morning', { from: ANNA, chat: DESK })
    server.say('/approve 7K3M9QX2TB', { from: ANNA, chat: DESK, more: { forward_origin: { type: 'hidden_user' } } })
    server.say('/hedge@OtherBot status', { from: ANNA, chat: DESK })
    server.say('/approve 7K3M9QX2TB', { from: { id: 1087968824 }, chat: DESK, more: { sender_chat: { id: DESK } } })
    server.say('good morning', { from: ANNA, chat: 42 })
    await server.waitFor(({ chat, text }) => chat === '42' && text.includes('/help'))
    await server.waitFor(({ chat, text }) => chat === String(DESK) && text.includes('who you are'))
    assert.deepEqual(heard, [])
    assert.equal(server.messages.length, 2)
  }))

test('a card too long for one message comes in several, with the buttons under the last, and is edited as one', () =>
  onTelegram(async ({ server, chat }) => {
    const fields = Array.from({ length: 300 }, (_, i) => ({ name: `Line ${i}`, value: '<&> and so on & on' }))
    const { messageId } = await chat.post(String(DESK), { ...PROPOSAL, fields })
    const sent = server.messages.filter(({ text }) => text.includes('and so on'))
    assert.ok(sent.length >= 3)
    assert.equal(messageId, sent.map((message) => message.messageId).join(','))
    assert.deepEqual(
      sent.map(({ buttons }) => buttons.length),
      sent.map((_, i) => (i === sent.length - 1 ? 2 : 0)),
    )
    await chat.edit(String(DESK), messageId, { tone: 'ok', title: 'Hedge executed' })
    const left = server.messages.filter(({ deleted }) => !deleted)
    assert.deepEqual(
      left.map(({ text }) => text),
      ['✅ Hedge executed'],
    )
  }))

test('a card is edited in place, and editing it to the same is no error', () =>
  onTelegram(async ({ server, chat }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    const after: Card = { tone: 'ok', title: 'Hedge executed' }
    await chat.edit(String(DESK), messageId, after)
    await chat.edit(String(DESK), messageId, after)
    assert.equal(server.messages.length, 1)
    assert.equal(server.messages[0]!.text, '✅ Hedge executed')
    assert.equal(server.messages[0]!.edits, 1)
    assert.deepEqual(server.messages[0]!.buttons, [])
  }))

test('a card whose message was deleted is posted anew', () =>
  onTelegram(async ({ server, chat }) => {
    await chat.edit(String(DESK), '999', { tone: 'ok', title: 'Hedge executed' })
    assert.equal(server.messages.at(-1)!.text, '✅ Hedge executed')
  }))

test('told to slow down, it waits as long as it was told and then delivers', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('sendMessage', {
      error_code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    })
    await chat.post(String(DESK), PROPOSAL)
    const [first, second] = server.calls.filter(({ method }) => method === 'sendMessage')
    assert.ok(second!.at - first!.at >= 990, `${second!.at - first!.at} ms`)
    assert.equal(server.messages.length, 1)
  }))

test('told to wait longer than a minute, it says so instead of standing still', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('sendMessage', {
      error_code: 429,
      description: 'Too Many Requests: retry after 3600',
      parameters: { retry_after: 3600 },
    })
    await assert.rejects(chat.post(String(DESK), PROPOSAL), /429 Too Many Requests: retry after 3600/)
  }))

test('the server these tests use refuses what Telegram does not describe', async (t) => {
  const server = await startTelegramServer({ tolerant: true })
  if (!server.checked) t.skip('../shared/specs/telegram-bot-api.json is not there')
  else {
    const ask = async (method: string, params: unknown): Promise<number> => {
      const url = `${server.apiRoot}/bot${server.token}/${method}`
      const headers = { 'content-type': 'application/json' }
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(params) })).status
    }
    server.meet(1)
    assert.equal(await ask('sendMessage', { chat_id: 1, text: 'hello' }), 200)
    assert.equal(await ask('sendMessage', { chat_id: 1 }), 400)
    assert.equal(await ask('sendMessage', { chat_id: 1, text: 'hello', markup: {} }), 400)
    assert.equal(await ask('sendMessage', { chat_id: 1, text: 5 }), 400)
    assert.equal(await ask('sendMessage', { chat_id: 1, text: 'a < b', parse_mode: 'HTML' }), 400)
    assert.equal(server.problems.length, 3)
    const strict = await startTelegramServer()
    await fetch(`${strict.apiRoot}/bot${strict.token}/sendMessage`, { method: 'POST' })
    await assert.rejects(strict.close(), /chat_id is missing/)
  }
  await server.close()
})

test('a second poller on the same token is one clear sentence, and polling goes on', () =>
  onTelegram(async ({ server, logged }) => {
    const conflict = { error_code: 409, description: 'Conflict: terminated by other getUpdates request' }
    server.fail('getUpdates', conflict, 3)
    server.say('/help', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('heard /help'))
    server.say('/hedge status', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('heard /hedge status'))
    assert.equal(logged.filter((line) => line.includes('Another process polls Telegram')).length, 1)
  }))

test('a group that became a supergroup keeps getting its cards', () =>
  onTelegram(async ({ server, chat }) => {
    const moved = {
      error_code: 400,
      description: 'Bad Request: group chat was upgraded',
      parameters: { migrate_to_chat_id: -100777 },
    }
    server.fail('sendMessage', moved)
    await chat.post('-777', PROPOSAL)
    await chat.post('-777', PROPOSAL)
    assert.deepEqual(
      server.messages.map((message) => message.chat),
      ['-100777', '-100777'],
    )
  }))

test('a wrong token is one clear sentence without the token', async () => {
  const wrong = '999999:wrong-token-of-somebody'
  await assert.rejects(
    onTelegram(async () => {}, { token: wrong }),
    (error: Error) => {
      assert.match(error.message, /does not accept the bot token/)
      assert.ok(!JSON.stringify(error).includes(wrong) && !String(error.stack).includes(wrong))
      return true
    },
  )
})

test('an unreachable Telegram is tried again, and no error tells the token', async () => {
  const token = '123456:TEST-secret-half'
  const logged: string[] = []
  const chat = createTelegramChat({
    ...{ token, apiRoot: 'http://127.0.0.1:9', channels: [], commands: COMMANDS },
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    timing: { backoffMs: 10 },
  })
  await chat.start(async () => undefined)
  await assert.rejects(chat.post('1', PROPOSAL), (error: Error) => {
    assert.match(error.message, /Telegram could not be reached.*ECONNREFUSED/)
    assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('secret'))
    return true
  })
  await chat.close()
  assert.match(logged[0]!, /could not be reached.*Trying again/)
  assert.ok(!logged.join('').includes('secret'))
})

test('a channel that is no chat id is refused by name', () => {
  const options = { token: '1:x', commands: COMMANDS, log: pino({ level: 'silent' }) }
  assert.throws(() => createTelegramChat({ ...options, channels: ['#desk'] }), /chat id .* was #desk/)
})

test('after close nothing keeps the process alive', async () => {
  const server = await startTelegramServer()
  const program = `
    import { createTelegramChat } from './src/chat/telegram.ts'
    import { pino } from 'pino'
    const chat = createTelegramChat({ token: ${JSON.stringify(server.token)}, apiRoot: '${server.apiRoot}',
      channels: [], commands: [], log: pino({ level: 'silent' }) })
    await chat.start(async () => ({ tone: 'ok', title: 'hello' }))
    await chat.post('-1001', { tone: 'ok', title: 'up' })
    await chat.close()
    console.log('closed')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../..', import.meta.url),
  })
  let [out, stray] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    stray += chunk
  })
  const code = await new Promise((resolve) => {
    const tooLate = setTimeout(() => child.kill('SIGKILL'), 20_000)
    child.on('exit', (exit) => {
      clearTimeout(tooLate)
      resolve(exit)
    })
  })
  await server.close()
  assert.deepEqual({ code, out, stray }, { code: 0, out: 'closed\n', stray: '' })
})
