import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANNA, onTelegram, said } from '../../support/telegram-desk.ts'

test('an update is confirmed only when it is handled, however long that takes, and what comes after it is not held up', () => {
  const slow = Promise.withResolvers<void>()
  return onTelegram(
    async ({ server, heard }) => {
      const late = server.say('/hedge status', { from: ANNA, chat: ANNA.id })
      const ben = { id: 43, name: 'Ben' }
      const quick = server.say('/help', { from: ben, chat: ben.id })
      await server.waitFor(({ text }) => text.includes('did /help'), 15_000)
      const offsets = () =>
        server.calls.filter(({ method }) => method === 'getUpdates').map(({ params }) => params.offset)
      // Telegram repeats it, and so would to another process, until it is done; it is run once all the same.
      const polls = offsets().length
      await server.until(() => (offsets().length > polls + 1 ? true : undefined), { timeoutMs: 15_000 })
      assert.ok(
        offsets().every((offset) => Number(offset) <= late),
        `confirmed up to ${offsets().at(-1)} before ${late} was handled`,
      )
      assert.deepEqual(heard.map(said).sort(), ['/hedge status', '/help'])
      slow.resolve()
      await server.waitFor(({ text }) => text.includes('did /hedge status'))
      await server.until(() => (Number(offsets().at(-1)) > quick ? true : undefined), { timeoutMs: 15_000 })
      assert.equal(heard.length, 2)
    },
    {
      async answer(incoming) {
        if (said(incoming) === '/hedge status') await slow.promise
        return { tone: 'ok', title: `did ${said(incoming)}` }
      },
    },
  )
})

test('one that never ends does not hide what waits behind a whole poll of others', () => {
  const slow = Promise.withResolvers<void>()
  const others = Array.from({ length: 120 }, (_, i) => ({ id: 100 + i }))
  return onTelegram(
    async ({ server, heard }) => {
      server.say('/hedge status', { from: ANNA, chat: ANNA.id })
      for (const other of others) server.say('/help', { from: other, chat: other.id })
      await server.until(() => (heard.length === 1 + others.length ? true : undefined), { timeoutMs: 30_000 })
      slow.resolve()
      await server.waitFor(({ text }) => text.includes('did /hedge status'))
      assert.equal(heard.filter((one) => said(one) === '/hedge status').length, 1)
    },
    {
      async answer(incoming) {
        if (said(incoming) === '/hedge status') await slow.promise
        return { tone: 'ok', title: `did ${said(incoming)}` }
      },
    },
  )
})
