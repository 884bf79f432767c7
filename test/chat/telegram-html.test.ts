import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CAPTION_LIMIT, renderCaption, renderCard, toKeyboard, withTyped } from '../../src/chat/telegram/html.ts'
import type { Button, Card } from '../../src/domain/card.ts'
import { readHtml } from '../support/telegram-html.ts'
import { profilePicture } from './picture-samples.ts'

const plain = (html: string): string => {
  const read = readHtml(html)
  assert.ok('text' in read, JSON.stringify(read))
  return read.text
}
const squeeze = (text: string): string => text.replace(/\s/g, '')

test('what a hostile name writes is shown, not obeyed', () => {
  const name = '<b>admin</b> <a href="tg://user?id=1">x</a> &lt; & \u202eevil'
  const [html, ...more] = renderCard({ tone: 'info', title: name, fields: [{ name, value: name }], footer: name })
  assert.deepEqual(more, [])
  assert.ok(!html!.includes('<a'))
  assert.ok(!html!.includes('\u202e'))
  assert.equal(plain(html!).split('<b>admin</b>').length, 5)
})

test('any card of any text becomes well-formed messages within the limit that together say all of it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({
      unit: fc.constantFrom('<', '>', '&', '"', ' ', '\n', '😀', '&amp;', '</b>', 'a', '\ud83d'),
      maxLength: 300,
    }),
  )
  const cards = fc.record({
    tone: fc.constantFrom('ok' as const, 'critical' as const),
    title: hostile,
    text: hostile,
    fields: fc.array(fc.record({ name: hostile, value: hostile }), { maxLength: 5 }),
    footer: hostile,
  })
  fc.assert(
    fc.property(cards, fc.integer({ min: 40, max: 400 }), (card, limit) => {
      const parts = renderCard(card, limit)
      assert.ok(parts.length >= 1)
      for (const part of parts) assert.ok(part.length <= limit, `${part.length} > ${limit}`)
      const said = squeeze(parts.map(plain).join(''))
      const meant = [
        card.title,
        card.text,
        ...card.fields.flatMap(({ name, value }) => [name, ':', value]),
        card.footer,
      ]
      const expected = squeeze(
        meant
          .join('')
          .toWellFormed()
          .replace(/[\u202a-\u202e\u2066-\u2069]/g, ''),
      )
      assert.equal(said.replace(/^(✅|🚨)/u, ''), expected)
    }),
  )
})

test('a long text is cut at line ends', () => {
  const lines = Array.from({ length: 400 }, (_, i) => `line ${i} of a long & winding answer`)
  const parts = renderCard({ tone: 'info', title: 'History', text: lines.join('\n') } satisfies Card)
  assert.ok(parts.length > 1)
  for (const part of parts) assert.match(part, /answer$/)
})

const button = (label: string, over: Partial<Button> = {}): Button => ({
  ...{ label, command: `/approve ${label}`, style: 'neutral', id: `id${label.padEnd(14, '0')}` },
  ...over,
})

test('buttons stand three a row, and below them the choices, one a row with what fits of their description', () => {
  const choices = [
    { label: 'ETH', description: 'Ether', command: '/map ETH', id: 'eth0000000' },
    {
      label: 'BTC',
      description: 'what this one is takes more words than a phone shows',
      command: '/map BTC',
      id: 'btc0000000',
    },
  ]
  const card: Card = {
    ...{ tone: 'info', title: 'Pick' },
    buttons: ['1', '2', '3', '4'].map((label) => button(label)),
    select: { placeholder: 'Asset', choices },
  }
  assert.deepEqual(
    toKeyboard(card).map((row) => row.map(({ text }) => text)),
    [['1', '2', '3'], ['4'], ['ETH · Ether'], ['BTC']],
  )
  assert.deepEqual(toKeyboard(card).at(-1), [{ text: 'BTC', callback_data: 'btc0000000' }])
})

test('what has no id, or none that Telegram would take, is a command to type', () => {
  const buttons = [
    button('Approve', { id: undefined as never }),
    button('Decline', { id: '€'.repeat(20), asks: 'reason', command: '/decline 7K3M' }),
    button('Details'),
  ]
  const card: Card = { tone: 'info', title: 'Hedge proposed', text: 'Sell 2 ETH.', buttons }
  assert.deepEqual(
    toKeyboard(card)
      .flat()
      .map(({ text }) => text),
    ['Details'],
  )
  const typed = withTyped(card)
  assert.equal(typed.text, 'Sell 2 ETH.\n\nApprove: /approve Approve\nDecline: /decline 7K3M <reason>')
  assert.equal(plain(renderCard(typed).join('')).split('<reason>').length, 2)
})

test('the caption of any card is well-formed, within the limit, and holds all of the card or is not made', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('<', '>', '&', ' ', '\n', '😀', '&amp;', '</b>', 'a', '\ud83d'),
    maxLength: 600,
  })
  fc.assert(
    fc.property(hostile, hostile, hostile, (title, text, alt) => {
      const card = { tone: 'info' as const, title, text, picture: { ...profilePicture(), alt } }
      const html = renderCaption(card)
      const said = plain(renderCard(card, Number.POSITIVE_INFINITY)[0]!)
      if (html === undefined) return assert.ok(`ℹ️ ${title}\n\n${text}`.length > CAPTION_LIMIT)
      assert.ok(plain(html).length <= CAPTION_LIMIT)
      assert.ok(plain(html).startsWith(said))
      const rest = plain(html).slice(said.length)
      assert.ok(rest === '' || squeeze(rest) === squeeze(alt.toWellFormed()))
    }),
  )
})
