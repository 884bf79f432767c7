import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { commands } from '../../commands/index.ts'
import { command } from '../../src/chat/command.ts'
import { parseCommandLine } from '../../src/chat/parse.ts'

const parsed = (text: string) => {
  const line = parseCommandLine(text, commands)
  assert.equal(line.kind, 'parsed', text)
  const { command: found, options } = line as Extract<typeof line, { kind: 'parsed' }>
  return [found.name, options] as const
}

test('options are taken by position, the slash is optional and spaces do not count', () => {
  for (const text of ['/hedge propose ETH 0.6', 'hedge propose ETH 0.6', '  /hedge   propose\tETH\n0.6  ']) {
    assert.deepEqual(parsed(text), ['hedge propose', { symbol: 'ETH', target: '0.6' }])
  }
  assert.deepEqual(parsed('/hedge propose'), ['hedge propose', {}])
})

test('a name sets its option, and positions go on with those that are left', () => {
  assert.deepEqual(parsed('/hedge propose target=0.6'), ['hedge propose', { target: '0.6' }])
  assert.deepEqual(parsed('/hedge propose symbol=BTC 0.6'), ['hedge propose', { symbol: 'BTC', target: '0.6' }])
  assert.deepEqual(parsed('/hedge propose target=0.6 BTC'), ['hedge propose', { symbol: 'BTC', target: '0.6' }])
})

test('command words may be typed in any case; what follows is left as it is', () => {
  assert.deepEqual(parsed('/Hedge PROPOSE eth'), ['hedge propose', { symbol: 'eth' }])
  assert.deepEqual(parsed('/DECLINE 7k3m9qx2tb Too Large'), [
    'decline',
    { proposal: '7k3m9qx2tb', reason: 'Too Large' },
  ])
})

test('the last option of text takes the rest of the line', () => {
  assert.deepEqual(parsed('/decline 7K3M9QX2TB the price = 3,000 is wrong'), [
    'decline',
    { proposal: '7K3M9QX2TB', reason: 'the price = 3,000 is wrong' },
  ])
  assert.deepEqual(parsed('/risk halt funding is odd'), ['risk halt', { reason: 'funding is odd' }])
})

test('more words than options are named, not dropped', () => {
  const line = parseCommandLine('/hedge propose ETH 0.6 now please', commands)
  assert.ok(line.kind === 'too-many' && line.extra === 'now please' && line.command.name === 'hedge propose')
})

test('a name without a value is no value: it is left for the option to refuse', () => {
  assert.deepEqual(parsed('/hedge propose ETH target='), ['hedge propose', { symbol: 'ETH', target: 'target=' }])
  assert.deepEqual(parsed('/hedge history limit='), ['hedge history', { limit: 'limit=' }])
})

test('of two names that begin alike the longer one is meant', () => {
  const noted = ['risk', 'risk status'].map((name) =>
    command({
      name,
      description: name,
      role: 'viewer',
      options: z.object({ note: z.string().optional() }),
      run: async () => ({ tone: 'info', title: name }),
    }),
  )
  const said = (text: string) => {
    const line = parseCommandLine(text, noted)
    return line.kind === 'parsed' ? [line.command.name, line.options] : line.kind
  }
  assert.deepEqual(said('/risk status now'), ['risk status', { note: 'now' }])
  assert.deepEqual(said('/risk appetite'), ['risk', { note: 'appetite' }])
})

test('a word that no command begins with is unknown, and said back in two words at most', () => {
  for (const [text, said] of [
    ['/hedgehog status now', 'hedgehog status'],
    ['/', ''],
    ['', ''],
    ['/__proto__ constructor', '__proto__ constructor'],
    ['/hedge', 'hedge'],
  ] as const) {
    assert.deepEqual(parseCommandLine(text, commands), { kind: 'unknown', said })
  }
})

test('whatever is typed, every word ends up in an option, in the command or in what was too much', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...commands.map(({ name }) => name)),
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 }),
      (name, words) => {
        const text = `/${name} ${words.join(' ')}`
        const line = parseCommandLine(text, commands)
        if (line.kind === 'unknown') return assert.fail(`${text} was not recognised`)
        const kept = line.kind === 'parsed' ? Object.entries(line.options).flat().join(' ') : text
        for (const word of words
          .join(' ')
          .split(/[\s=]+/)
          .filter(Boolean))
          assert.ok(kept.includes(word), word)
      },
    ),
  )
})
