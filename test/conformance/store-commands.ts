import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Member } from '../../src/domain/member.ts'
import { DEFAULT_PREFERENCES } from '../../src/domain/preferences.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

const ANN: Member = {
  memberId: 'ann',
  name: 'Ann',
  role: 'approver',
  identities: [
    { platform: 'discord', platformUserId: '7' },
    { platform: 'telegram', platformUserId: '42' },
  ],
}
const HEARD = { identity: { platform: 'telegram', platformUserId: '42' }, interactionId: 'i1' } as const

/** What was heard from the platforms, and whether it was answered. */
export function describeCommandRecord(name: string, open: OpenStore): void {
  describe(`${name}: commands heard`, () => {
    test('who speaks is known as soon as they are heard, with how they want to be told', async (t) => {
      const { commands, members } = await open(t)
      await members.put(ANN)
      const preferences = { ...DEFAULT_PREFERENCES, timeZone: 'Europe/Berlin', units: 'coins' } as const
      await members.setPreferences('ann', preferences)
      assert.deepEqual(await commands.hear(HEARD, 'p1', at(1)), { claim: 'mine', member: ANN, preferences })
    })

    test('a stranger is nobody, and a member without preferences has the defaults', async (t) => {
      const { commands, members } = await open(t)
      await members.put(ANN)
      const stranger = { ...HEARD, identity: { platform: 'discord', platformUserId: '42' } } as const
      assert.deepEqual(await commands.hear(stranger, 'p1', at(1)), {
        ...{ claim: 'mine', member: undefined },
        preferences: DEFAULT_PREFERENCES,
      })
      assert.deepEqual((await commands.hear(HEARD, 'p1', at(1))).preferences, DEFAULT_PREFERENCES)
    })

    test('a member without any identity left is not who speaks', async (t) => {
      const { commands, members } = await open(t)
      await members.put({ ...ANN, identities: [] })
      assert.equal((await commands.hear(HEARD, 'p1', at(1))).member, undefined)
    })

    test('of many that hear the same at once exactly one answers', async (t) => {
      const { commands } = await open(t)
      const heard = await Promise.all(Array.from({ length: 8 }, () => commands.hear(HEARD, 'p1', at(1))))
      assert.deepEqual(heard.map(({ claim }) => claim).sort(), [...Array(7).fill('busy'), 'mine'])
    })

    test('ids of one platform are not those of another', async (t) => {
      const { commands } = await open(t)
      const elsewhere = { ...HEARD, identity: { platform: 'discord', platformUserId: '42' } } as const
      assert.equal((await commands.hear(HEARD, 'p1', at(1))).claim, 'mine')
      assert.equal((await commands.hear(elsewhere, 'p1', at(1))).claim, 'mine')
    })

    test('what was answered is not answered again, whoever hears it', async (t) => {
      const { commands, members } = await open(t)
      await members.put(ANN)
      await commands.hear(HEARD, 'p1', at(1))
      await commands.answered('telegram', 'i1', at(2))
      for (const holder of ['p1', 'p2']) {
        const { claim, member } = await commands.hear(HEARD, holder, at(3))
        assert.deepEqual([claim, member], ['answered', ANN])
      }
    })

    test('what a process left unanswered as it died passes to whoever hears it again', async (t) => {
      const { commands } = await open(t)
      await commands.hear(HEARD, 'died long ago', at(1))
      const again = await Promise.all([commands.hear(HEARD, 'p2', at(2)), commands.hear(HEARD, 'p2', at(2))])
      assert.deepEqual(again.map(({ claim }) => claim).sort(), ['busy', 'mine'])
    })

    test('what was heard long ago is forgotten', async (t) => {
      const { commands } = await open(t)
      await commands.hear(HEARD, 'p1', at(1))
      await commands.hear({ ...HEARD, interactionId: 'i2' }, 'p1', at(5))
      assert.equal(await commands.forgetBefore(at(5)), 1)
      assert.equal((await commands.hear(HEARD, 'p1', at(6))).claim, 'mine')
      assert.equal((await commands.hear({ ...HEARD, interactionId: 'i2' }, 'p1', at(6))).claim, 'busy')
    })

    test('an id may hold any text', async (t) => {
      const { commands } = await open(t)
      const odd = { identity: { platform: 'telegram', platformUserId: '\0' }, interactionId: 'a \0 b' } as const
      assert.equal((await commands.hear(odd, 'p1', at(1))).claim, 'mine')
      await commands.answered('telegram', 'a \0 b', at(2))
      assert.equal((await commands.hear(odd, 'p1', at(3))).claim, 'answered')
    })
  })
}
