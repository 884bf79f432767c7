import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { AskingStoppedError, ask } from '../../src/keys/ask.ts'

/** A terminal: what is typed arrives in pieces, and whether it echoes by itself is seen. */
function openTerminal() {
  const modes: boolean[] = []
  let shown = ''
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) })
  const output = { write: (text: string) => (shown += text) }
  return { input, output, modes, shown: () => shown }
}

test('a hidden answer is not echoed, not even its length, and the terminal echoes again afterwards', async () => {
  const { input, output, modes, shown } = openTerminal()
  const answer = ask('API secret', { hidden: true, input, output })
  for (const piece of ['hunt', 'er', '2', '\r']) input.write(piece)
  assert.equal(await answer, 'hunter2')
  assert.equal(shown(), 'API secret: \n')
  assert.deepEqual(modes, [true, false])
})

test('an answer that is no secret is echoed', async () => {
  const { input, output, shown } = openTerminal()
  const answer = ask('Address', { hidden: false, input, output })
  input.write('0xab\n')
  assert.equal(await answer, '0xab')
  assert.equal(shown(), 'Address: 0xab\n')
})

test('backspace takes a letter back, Ctrl-U all of them; marks of pasting and arrows are no part of an answer', async () => {
  const { input, output } = openTerminal()
  const answer = ask('Secret', { hidden: true, input, output })
  for (const piece of ['wrong\u0015', 'p\u00e4x\u007f', '\u001b[200~sted\u001b[201~', '\u001b[A', ' \n'])
    input.write(piece)
  assert.equal(await answer, 'p\u00e4sted')
})

test('a letter that arrives in two pieces is one letter', async () => {
  const { input, output } = openTerminal()
  const answer = ask('Secret', { hidden: true, input, output })
  const bytes = Buffer.from('\u00e4\n')
  input.write(bytes.subarray(0, 1))
  input.write(bytes.subarray(1))
  assert.equal(await answer, '\u00e4')
})

test('Ctrl-C and Ctrl-D stop, and leave the terminal as it was', async () => {
  for (const key of ['\u0003', '\u0004']) {
    const { input, output, modes } = openTerminal()
    const answer = ask('Secret', { hidden: true, input, output })
    input.write(`half${key}`)
    await assert.rejects(answer, AskingStoppedError)
    assert.deepEqual(modes, [true, false])
  }
})

test('without a terminal nothing is asked', async () => {
  const { output, shown } = openTerminal()
  await assert.rejects(ask('Secret', { hidden: true, input: new PassThrough(), output }), /was none\.$/)
  assert.equal(shown(), '')
})
