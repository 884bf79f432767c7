import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { App } from '../../../src/app/app.ts'
import { type Asker, type Command, type Completion, command } from '../../../src/chat/command.ts'
import { completionsOf, MOST_COMPLETIONS } from '../../../src/chat/dispatch/complete.ts'

const offering = (completions: readonly Completion[]): Command =>
  command({
    name: 'pick',
    description: 'Picks',
    role: 'viewer',
    options: z.object({ what: z.string(), plain: z.string().optional() }),
    complete: { what: async () => completions },
    run: async () => ({ tone: 'ok', title: 'Picked' }),
  })
const valuesOf = async (of: Command, typed: string, option = 'what'): Promise<readonly string[]> =>
  (await completionsOf(of, { option, typed, asker: {} as Asker, app: {} as App })).map(({ value }) => value)

test('what begins with what was typed comes first, then what holds it; case and blanks do not matter', async () => {
  const fruits = offering([
    { value: 'pineapple' },
    { value: 'fig', label: 'Apple-like' },
    { value: 'Apple' },
    { value: 'pear' },
  ])
  assert.deepEqual(await valuesOf(fruits, '  aPPle '), ['Apple', 'pineapple', 'fig'])
  assert.deepEqual(await valuesOf(fruits, ''), ['pineapple', 'fig', 'Apple', 'pear'])
  assert.deepEqual(await valuesOf(fruits, 'melon'), [])
})

test('what was typed is text, not a pattern', async () => {
  const odd = offering([{ value: 'a.c' }, { value: 'abc' }, { value: '(x' }, { value: '50%' }])
  assert.deepEqual(await valuesOf(odd, 'a.c'), ['a.c'])
  assert.deepEqual(await valuesOf(odd, '('), ['(x'])
  assert.deepEqual(await valuesOf(odd, '%'), ['50%'])
})

test('an option that offers nothing, or that is only a word of the language, has no choices', async () => {
  const fruits = offering([{ value: 'apple' }])
  for (const option of ['plain', 'nothing', 'constructor', 'toString'])
    assert.deepEqual(await valuesOf(fruits, '', option), [], option)
})

test('at most twenty-five are offered, the best of them', async () => {
  const many = offering([...Array.from({ length: 60 }, (_, i) => ({ value: `x${i} b` })), { value: 'b' }])
  const values = await valuesOf(many, 'b')
  assert.equal(values.length, MOST_COMPLETIONS)
  assert.equal(values[0], 'b')
})
