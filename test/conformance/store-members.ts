import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Member } from '../../src/domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../../src/domain/preferences.ts'
import { fraction } from '../../src/domain/units.ts'
import type { Code } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { anAlert, anEntry, at } from './store-samples.ts'

const aMember = (memberId: string, changes: Partial<Member> = {}): Member => ({
  memberId,
  name: memberId,
  role: 'viewer',
  identities: [{ platform: 'discord', platformUserId: String(memberId.charCodeAt(0)) }],
  ...changes,
})
const ann = aMember('ann', { role: 'admin' })
const bob = aMember('bob', { role: 'admin' })
const cyd = aMember('cyd')

/** Who is who, how they want to be told, their one-time codes, and what is kept for them. */
export function describeMemberRecord(name: string, open: OpenStore): void {
  describe(`${name}: who is who`, () => {
    test('a role is set, set again, and never for someone unknown', async (t) => {
      const store = await open(t)
      await store.members.put(cyd)
      assert.equal(await store.members.setRole('cyd', 'trader'), 'changed')
      assert.equal(await store.members.setRole('cyd', 'trader'), 'unchanged')
      assert.equal(await store.members.setRole('cyd', 'none'), 'changed')
      assert.equal((await store.members.find('cyd'))?.role, 'none')
      assert.equal(await store.members.setRole('dan', 'viewer'), 'unknown')
      assert.deepEqual(await store.members.list(), [{ ...cyd, role: 'none' }])
    })

    test('the last admin stays admin, and one whom no platform knows is no other admin', async (t) => {
      const store = await open(t)
      await store.members.put(ann)
      await store.members.put({ ...bob, identities: [] })
      assert.equal(await store.members.setRole('ann', 'approver'), 'last-admin')
      await store.members.addIdentity('bob', { platform: 'telegram', platformUserId: '7' })
      assert.equal(await store.members.setRole('ann', 'approver'), 'changed')
      assert.equal(await store.members.setRole('bob', 'none'), 'last-admin')
      assert.equal(await store.members.setRole('bob', 'admin'), 'unchanged')
    })

    test('of admins who take each other’s role at one instant, one stays', async (t) => {
      const store = await open(t)
      const admins = ['ann', 'bob', 'cyd', 'dan', 'eve']
      for (let round = 0; round < 5; round++) {
        for (const memberId of admins) await store.members.put(aMember(memberId, { role: 'admin' }))
        const outcomes = await Promise.all(
          admins.map((memberId) =>
            store.transaction(async (tx) => {
              const outcome = await tx.members.setRole(memberId, 'viewer')
              await tx.audit.append(anEntry('member.role-changed', { memberId, outcome }))
              return outcome
            }),
          ),
        )
        assert.deepEqual(outcomes.sort(), ['changed', 'changed', 'changed', 'changed', 'last-admin'])
        assert.equal((await store.members.withRole('admin')).length, 1)
      }
      assert.equal((await store.audit.verify()).kind, 'intact')
    })

    test('an identity joins one member, whoever asks at the same instant', async (t) => {
      const store = await open(t)
      const phone = { platform: 'telegram', platformUserId: '99' } as const
      for (const member of [ann, bob, cyd]) await store.members.put(member)
      const outcomes = await Promise.all(
        ['ann', 'bob', 'cyd'].map((memberId) => store.members.addIdentity(memberId, phone)),
      )
      assert.deepEqual(outcomes.toSorted(), ['added', 'taken', 'taken'])
      const owner = (await store.members.findByIdentity(phone))!
      assert.equal(owner.memberId, ['ann', 'bob', 'cyd'][outcomes.indexOf('added')])
      assert.equal(await store.members.addIdentity(owner.memberId, phone), 'theirs')
      assert.equal(await store.members.addIdentity('dan', phone), 'unknown')
      assert.equal(await store.members.addIdentity('dan', { ...phone, platformUserId: '100' }), 'unknown')
    })

    test('who is named in the settings is made once; what was decided in chat goes before', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.members.seed(ann), ann)
      await store.members.seed(cyd)
      await store.members.setRole('cyd', 'approver')
      const phone = { platform: 'telegram', platformUserId: '5' } as const
      const seeded = await store.members.seed({
        ...cyd,
        name: 'Cydney',
        identities: [...cyd.identities, phone, ...ann.identities],
      })
      assert.deepEqual(seeded, { ...cyd, role: 'approver', identities: [...cyd.identities, phone] })
      assert.deepEqual(await store.members.find('cyd'), seeded)
      assert.deepEqual(await store.members.find('ann'), ann)
    })

    test('the settings make someone admin again only where there is no admin', async (t) => {
      const store = await open(t)
      for (const member of [ann, bob]) await store.members.seed(member)
      await store.members.setRole('ann', 'viewer')
      assert.equal((await store.members.seed(ann)).role, 'viewer')
      await store.members.put({ ...bob, role: 'none' })
      const again = await Promise.all([store.members.seed(ann), store.members.seed(bob)])
      assert.deepEqual(again.map(({ role }) => role).includes('admin'), true)
      assert.equal((await store.members.withRole('admin')).length, 1)
    })
  })

  describe(`${name}: how a member is told`, () => {
    const wanted: Preferences = {
      ...DEFAULT_PREFERENCES,
      timeZone: 'Asia/Kolkata',
      units: 'coins',
      quietHours: { fromMinute: 1320, toMinute: 420 },
      digest: 'daily',
    }

    test('whoever has said nothing has the defaults, and what was said stays until it is said otherwise', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.members.preferences('nobody'), DEFAULT_PREFERENCES)
      await store.members.put(ann)
      assert.deepEqual(await store.members.preferences('ann'), DEFAULT_PREFERENCES)
      await store.members.setPreferences('ann', wanted)
      await store.members.put({ ...ann, name: 'Anna' })
      assert.deepEqual(await store.members.preferences('ann'), wanted)
      const { quietHours: _, ...awake } = wanted
      await store.members.setPreferences('ann', { ...awake, quietHours: undefined })
      assert.deepEqual(await store.members.preferences('ann'), awake)
      await assert.rejects(store.members.setPreferences('nobody', wanted), /Expected a member on record, was nobody/)
    })

    test('a member has one subscription an asset, and ends one or all', async (t) => {
      const store = await open(t)
      for (const member of [ann, bob]) await store.members.put(member)
      const all = { asset: '*', minSeverity: 'critical', minConfidence: fraction(0) } as const
      const eth = { asset: 'ETH', minSeverity: 'notice', minConfidence: fraction(0.3) } as const
      for (const one of [all, eth, { ...eth, minSeverity: 'warning' } as const]) {
        await store.members.subscribe('ann', one)
      }
      await store.members.subscribe('bob', eth)
      assert.deepEqual(await store.members.subscriptions('ann'), [
        { memberId: 'ann', ...all },
        { memberId: 'ann', ...eth, minSeverity: 'warning' },
      ])
      assert.equal((await store.members.subscriptions()).length, 3)
      assert.equal(await store.members.unsubscribe('ann', 'BTC'), 0)
      assert.equal(await store.members.unsubscribe('bob', 'ETH'), 1)
      assert.equal(await store.members.unsubscribe('ann', '*'), 2)
      assert.deepEqual(await store.members.subscriptions(), [])
    })

    test('a mute holds until its time, and a new one of the same asset takes its place', async (t) => {
      const store = await open(t)
      await store.members.put(ann)
      await store.members.mute('ann', { asset: 'ETH', until: at(100) })
      await store.members.mute('ann', { asset: '*', until: at(50) })
      assert.deepEqual(await store.members.mutes(at(49)), [
        { memberId: 'ann', asset: '*', until: at(50) },
        { memberId: 'ann', asset: 'ETH', until: at(100) },
      ])
      assert.deepEqual(
        (await store.members.mutes(at(50))).map(({ asset }) => asset),
        ['ETH'],
      )
      await store.members.mute('ann', { asset: 'ETH', until: at(60) })
      assert.deepEqual(await store.members.mutes(at(60)), [])
    })

    test('whether a private chat works is what the newest try said', async (t) => {
      const store = await open(t)
      await store.members.put(ann)
      const note = (works: boolean, ms: number, reason?: string) =>
        store.members.noteReach({ memberId: 'ann', platform: 'telegram', works, reason, at: at(ms) })
      await note(false, 1, 'blocked: open the chat and press Start')
      const blocked = { memberId: 'ann', platform: 'telegram', works: false, at: at(1) } as const
      assert.deepEqual(await store.members.reach(), [{ ...blocked, reason: 'blocked: open the chat and press Start' }])
      await note(true, 5)
      await note(false, 3, 'a try from before')
      assert.deepEqual(await store.members.reach(), [{ ...blocked, works: true, at: at(5) }])
    })
  })

  describe(`${name}: one-time codes`, () => {
    const aCode = (codeHash: string, changes: Partial<Code> = {}): Code => ({
      codeHash,
      purpose: 'link',
      memberId: 'ann',
      createdBy: 'ann',
      createdAt: at(0),
      expiresAt: at(100),
      ...changes,
    })

    test('of fifty who redeem a code at once one gets it, and nobody afterwards', async (t) => {
      const store = await open(t)
      const code = aCode('abc', { purpose: 'invite', memberId: 'dan', name: 'Dan', role: 'trader' })
      await store.codes.create(code)
      await store.codes.create(aCode('another'))
      const redeemed = await Promise.all(Array.from({ length: 50 }, () => store.codes.redeem('abc', at(99))))
      assert.deepEqual(
        redeemed.filter((one) => one !== undefined),
        [code],
      )
      assert.equal(await store.codes.redeem('abc', at(99)), undefined)
      assert.deepEqual(await store.codes.redeem('another', at(99)), aCode('another'))
    })

    test('a code that has run out or never was is no code, and one of a transaction taken back is still good', async (t) => {
      const store = await open(t)
      await store.codes.create(aCode('abc'))
      assert.equal(await store.codes.redeem('abc', at(100)), undefined)
      assert.equal(await store.codes.redeem('abd', at(1)), undefined)
      const failing = store.transaction(async (tx) => {
        assert.ok(await tx.codes.redeem('abc', at(1)))
        throw new Error('the line went dead')
      })
      await assert.rejects(failing, /the line went dead/)
      assert.deepEqual(await store.codes.redeem('abc', at(2)), aCode('abc'))
      await assert.rejects(store.codes.create(aCode('abc')), /duplicate key/)
    })
  })

  describe(`${name}: alerts and who has seen them`, () => {
    test('the first to acknowledge stands, whatever the alert does afterwards', async (t) => {
      const store = await open(t)
      const alert = anAlert({ alertId: 'a1' })
      await store.alerts.raise(alert)
      assert.deepEqual(await store.alerts.find('a1'), alert)
      assert.equal(await store.alerts.find('a2'), undefined)
      const people = Array.from({ length: 8 }, (_, i) => `member-${i}`)
      const outcomes = await Promise.all(people.map((who) => store.alerts.acknowledge('a1', who, at(5))))
      assert.equal(outcomes.filter((first) => first === true).length, 1)
      assert.equal(outcomes.filter((first) => first === false).length, 7)
      assert.equal(await store.alerts.acknowledge('a2', 'ann', at(5)), undefined)

      await store.alerts.advance({ ...alert, stage: 'approaching', severity: 'critical' })
      const seen = { acknowledgedBy: people[outcomes.indexOf(true)], acknowledgedAt: at(5) }
      assert.deepEqual(await store.alerts.find('a1'), { ...alert, stage: 'approaching', severity: 'critical', ...seen })
    })

    test('an alert goes one step further once, and no further when someone has seen it', async (t) => {
      const store = await open(t)
      const alert = anAlert({ alertId: 'a1' })
      await store.alerts.raise(alert)
      const steps = await Promise.all(Array.from({ length: 8 }, () => store.alerts.escalate('a1', 0, 1)))
      assert.equal(steps.filter(Boolean).length, 1)
      await store.alerts.advance({ ...alert, stage: 'approaching' })
      assert.equal((await store.alerts.find('a1'))?.escalation, 1)
      assert.equal(await store.alerts.escalate('a1', 1, 2), true)
      await store.alerts.acknowledge('a1', 'ann', at(9))
      assert.equal(await store.alerts.escalate('a1', 2, 3), false)
      assert.equal((await store.alerts.find('a1'))?.escalation, 2)
      assert.equal(await store.alerts.escalate('a2', 0, 1), false)
    })

    test('what is held for a member is held once and taken once, oldest first', async (t) => {
      const store = await open(t)
      for (const member of [ann, bob]) await store.members.put(member)
      for (const alertId of ['z', 'b', 'c']) {
        await store.alerts.raise(anAlert({ alertId, clusterId: `cluster-${alertId}` }))
        await store.held.add('ann', alertId, at(1))
      }
      await store.held.add('ann', 'z', at(2))
      await store.held.add('bob', 'z', at(2))
      assert.deepEqual(await store.held.members(), ['ann', 'bob'])
      const taken = await Promise.all(Array.from({ length: 5 }, () => store.held.take('ann')))
      assert.deepEqual(taken.flat(), ['z', 'b', 'c'])
      assert.deepEqual(await store.held.members(), ['bob'])
    })
  })
}
