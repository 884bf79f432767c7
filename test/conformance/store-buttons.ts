import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Place } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

const DESK: Place = { platform: 'discord', channel: 'desk' }
const ANN: Place = { platform: 'telegram', channel: 'user:42', memberId: 'ann' }
const APPROVE = { command: '/approve 7K3M9QX2TB', once: true }
const DECLINE = { command: '/decline 7K3M9QX2TB', once: true, asks: 'reason' }

/** Buttons of cards, and who pressed them. */
export function describeButtonRecord(name: string, open: OpenStore): void {
  describe(`${name}: buttons`, () => {
    test('a button is found by its id, with what it was made for', async (t) => {
      const { buttons } = await open(t)
      const [approve, decline] = await buttons.issue('card', ANN, [APPROVE, DECLINE], made(1))
      const common = { ...ANN, cardKey: 'card', issuedAt: at(1) }
      assert.deepEqual(await buttons.find(approve!), { ...common, ...APPROVE, buttonId: approve })
      assert.deepEqual(await buttons.find(decline!), { ...common, ...DECLINE, buttonId: decline })
      assert.equal(await buttons.find('nobody made it'), undefined)
      assert.equal(await buttons.find('\0'), undefined)
      assert.deepEqual(await buttons.issue('card', ANN, [], made(1)), [])
    })

    test('ids come in the order of the commands, the same command has one id', async (t) => {
      const { buttons } = await open(t)
      const ids = await buttons.issue('card', DESK, [DECLINE, APPROVE, DECLINE], made(1))
      assert.equal(ids[0], ids[2])
      assert.notEqual(ids[0], ids[1])
      assert.equal((await buttons.find(ids[1]!))?.command, APPROVE.command)
    })

    test('an edited card keeps the ids of its buttons, another card or place has its own', async (t) => {
      const { buttons } = await open(t)
      const [first] = await buttons.issue('card', DESK, [APPROVE], made(1))
      const [, again] = await buttons.issue('card', DESK, [DECLINE, { ...APPROVE, once: false }], made(9))
      assert.equal(again, first)
      assert.deepEqual(await buttons.find(first!), {
        ...{ ...DESK, ...APPROVE, buttonId: first, cardKey: 'card' },
        ...{ once: false, issuedAt: at(9) },
      })
      const [other] = await buttons.issue('other', DESK, [APPROVE], made(9))
      const [elsewhere] = await buttons.issue('card', ANN, [APPROVE], made(9))
      assert.equal(new Set([first, other, elsewhere]).size, 3)
    })

    test('cards issued at once from several places agree on their ids', async (t) => {
      const { buttons } = await open(t)
      const orders = [
        [APPROVE, DECLINE],
        [DECLINE, APPROVE],
      ]
      const issued = await Promise.all(
        Array.from({ length: 10 }, async (_, n) => {
          const ids = await buttons.issue('card', DESK, orders[n % 2]!, made(n))
          return n % 2 === 0 ? ids : ids.toReversed()
        }),
      )
      for (const ids of issued) assert.deepEqual(ids, issued[0])
    })

    test('a press counts once for each member, and the same press heard again still counts', async (t) => {
      const { buttons } = await open(t)
      const [id] = await buttons.issue('card', DESK, [APPROVE], made(1))
      assert.equal(await buttons.press(id!, 'ann', 'i1', at(2)), true)
      assert.equal(await buttons.press(id!, 'ann', 'i2', at(3)), false)
      assert.equal(await buttons.press(id!, 'ann', 'i1', at(4)), true)
      assert.equal(await buttons.press(id!, 'bob', 'i3', at(5)), true)
    })

    test('of many presses by one member at once exactly one counts', async (t) => {
      const { buttons } = await open(t)
      const [id] = await buttons.issue('card', DESK, [APPROVE], made(1))
      const presses = await Promise.all(Array.from({ length: 8 }, (_, n) => buttons.press(id!, 'ann', `i${n}`, at(2))))
      assert.equal(presses.filter(Boolean).length, 1)
    })

    test('a press that was taken back counts again', async (t) => {
      const { buttons } = await open(t)
      const [id] = await buttons.issue('card', DESK, [APPROVE], made(1))
      await buttons.press(id!, 'ann', 'i1', at(2))
      await buttons.press(id!, 'bob', 'i2', at(2))
      await buttons.release(id!, 'ann')
      assert.equal(await buttons.press(id!, 'ann', 'i3', at(3)), true)
      assert.equal(await buttons.press(id!, 'bob', 'i4', at(3)), false)
    })

    test('old buttons are forgotten with their presses, and a press of one does not count', async (t) => {
      const { buttons } = await open(t)
      const [old] = await buttons.issue('card', DESK, [APPROVE], made(1))
      const [kept] = await buttons.issue('card', ANN, [APPROVE], made(5))
      await buttons.press(old!, 'ann', 'i1', at(2))
      assert.equal(await buttons.forgetBefore(at(5)), 1)
      assert.equal(await buttons.find(old!), undefined)
      assert.equal(await buttons.press(old!, 'ann', 'i1', at(6)), false)
      assert.equal(await buttons.press(kept!, 'ann', 'i1', at(6)), true)
    })
  })
}

let last = 0
const made = (ms: number) => ({ newId: () => `button-${++last}`, at: at(ms) })
