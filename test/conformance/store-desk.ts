import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Member } from '../../src/domain/member.ts'
import { duration } from '../../src/domain/units.ts'
import type { OpenStore } from './store.ts'
import { anOrder, aProposal, at, HOLDER, leased, proposalId } from './store-samples.ts'

/** Proposals, leases, orders, members and settings. */
export function describeDeskRecord(name: string, open: OpenStore): void {
  describe(`${name}: proposals`, () => {
    test('a proposal comes back as it was opened', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.proposals.open(aProposal()), [])
      assert.deepEqual(await store.proposals.find(aProposal().proposalId), aProposal())
      assert.equal(await store.proposals.find(proposalId(9)), undefined)
    })

    test('a new proposal supersedes the pending one of its book and asset, and no other', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal({ n: 1 }))
      await store.proposals.open(aProposal({ n: 2, asset: 'BTC' }))
      const superseded = await store.proposals.open(aProposal({ n: 3, proposedAt: at(5) }))
      assert.deepEqual(
        superseded.map((proposal) => [proposal.proposalId, proposal.state]),
        [[proposalId(1), 'superseded']],
      )
      const pending = await store.proposals.list({ states: ['pending'], limit: 10 })
      assert.deepEqual(
        pending.map((proposal) => proposal.proposalId),
        [proposalId(3), proposalId(2)],
      )
      assert.deepEqual(await store.proposals.list({ states: [], limit: 10 }), [])
    })

    test('a taken id is refused, and the pending proposal stays', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      await assert.rejects(store.proposals.open(aProposal()), /Expected a new proposal id/)
      assert.equal((await store.proposals.find(proposalId(1)))?.state, 'pending')
    })

    test('twenty proposals opened at once leave one pending', async (t) => {
      const store = await open(t)
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.proposals.open(aProposal({ n }))))
      assert.equal((await store.proposals.list({ states: ['pending'], limit: 99 })).length, 1)
      assert.equal((await store.proposals.list({ states: ['superseded'], limit: 99 })).length, 19)
    })

    test('a member approves once, and only what is pending', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      assert.equal((await store.proposals.addApproval(proposalId(1), 'ann', at(1))).changed, true)
      assert.equal((await store.proposals.addApproval(proposalId(1), 'ann', at(2))).changed, false)
      const second = await store.proposals.addApproval(proposalId(1), 'bob', at(3))
      assert.deepEqual(second.proposal.approvals, [
        { memberId: 'ann', at: at(1) },
        { memberId: 'bob', at: at(3) },
      ])
      await store.proposals.move(proposalId(1), ['pending'], 'declined', {})
      assert.equal((await store.proposals.addApproval(proposalId(1), 'cyd', at(4))).changed, false)
    })

    test('of approve, decline and expire at once exactly one changes the proposal', async (t) => {
      const store = await open(t)
      for (let n = 1; n <= 10; n++) {
        await store.proposals.open(aProposal({ n }))
        const verdicts = ['approved', 'declined', 'expired', 'approved', 'declined', 'expired'] as const
        const outcomes = await Promise.all(
          verdicts.map((verdict, i) =>
            store.proposals.move(proposalId(n), ['pending'], verdict, { decidedBy: `member-${i}`, decidedAt: at(i) }),
          ),
        )
        assert.equal(outcomes.filter((outcome) => outcome.changed).length, 1)
        const winner = outcomes.findIndex((outcome) => outcome.changed)
        const stored = await store.proposals.find(proposalId(n))
        assert.equal(stored?.state, verdicts[winner])
        assert.equal(stored?.decidedBy, `member-${winner}`)
        for (const outcome of outcomes) assert.deepEqual(outcome.proposal, stored)
      }
    })

    test('an id that does not exist cannot be moved or approved', async (t) => {
      const store = await open(t)
      await assert.rejects(store.proposals.move(proposalId(8), ['pending'], 'declined', {}), /does not exist/)
      await assert.rejects(store.proposals.addApproval(proposalId(8), 'ann', at(1)), /does not exist/)
    })
  })

  describe(`${name}: leases and orders`, () => {
    test('a lease that was given back goes to the next, under a higher number', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      const first = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      await store.proposals.releaseLease(proposalId(1), first!)
      const second = await store.proposals.takeLease(proposalId(1), 'another', duration(60_000))
      assert.ok(second! > first!)
      assert.equal((await store.proposals.find(proposalId(1)))?.lease, second)
    })

    test('giving back an old lease does not free the newer one', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      const first = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      const second = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      await store.proposals.releaseLease(proposalId(1), first!)
      await store.orders.save(anOrder({ n: 1 }), second!)
      assert.equal((await store.orders.forProposal(proposalId(1))).length, 1)
    })

    test('an order written under a stale lease is refused and leaves no trace', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      const stale = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      await store.orders.save(anOrder({ n: 1 }), stale!)
      const current = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      await assert.rejects(store.orders.save(anOrder({ n: 2 }), stale!), { name: 'StaleLeaseError' })
      assert.deepEqual(await store.orders.forProposal(proposalId(1)), [anOrder({ n: 1 })])
      await store.orders.save(anOrder({ n: 2 }), current!)
    })

    test('the same intent saved twice is one order, another intent under its id is refused', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      await store.orders.save(anOrder({ n: 1 }), lease)
      await store.orders.save(anOrder({ n: 1 }), lease)
      assert.equal((await store.orders.forProposal(proposalId(1))).length, 1)
      const other = { ...anOrder({ n: 1 }), quantity: 2 } as ReturnType<typeof anOrder>
      await assert.rejects(store.orders.save(other, lease), /quantity 2 instead of 1\.234/)
    })
  })

  describe(`${name}: members and settings`, () => {
    const ann: Member = {
      memberId: 'ann',
      name: 'Ann',
      role: 'approver',
      identities: [
        { platform: 'telegram', platformUserId: '42' },
        { platform: 'discord', platformUserId: '42' },
      ],
    }

    test('a member is found by any identity, and putting again replaces them', async (t) => {
      const store = await open(t)
      await store.members.put(ann)
      assert.deepEqual(await store.members.findByIdentity({ platform: 'discord', platformUserId: '42' }), ann)
      const changed: Member = { ...ann, role: 'admin', identities: [{ platform: 'console', platformUserId: '1' }] }
      await store.members.put(changed)
      assert.deepEqual(await store.members.find('ann'), changed)
      assert.equal(await store.members.findByIdentity({ platform: 'discord', platformUserId: '42' }), undefined)
      assert.deepEqual(await store.members.withRole('admin'), [changed])
      assert.deepEqual(await store.members.withRole('approver'), [])
    })

    test('an identity belongs to one member', async (t) => {
      const store = await open(t)
      await store.members.put(ann)
      const thief: Member = { ...ann, memberId: 'bob', name: 'Bob' }
      await assert.rejects(store.members.put(thief), /Expected telegram user 42 to belong to nobody else, was ann's/)
      assert.deepEqual(await store.members.list(), [ann])
    })

    test('trading starts active and stays as it was set', async (t) => {
      const store = await open(t)
      assert.equal((await store.settings.tradingState()).state, 'active')
      assert.equal(await store.settings.setTradingState('halted', { by: 'ann', at: at(3), reason: 'venue down' }), true)
      const halted = { state: 'halted', by: 'ann', at: at(3), reason: 'venue down' }
      assert.deepEqual(await store.settings.tradingState(), halted)
      const resuming = { by: 'bob', at: at(4), reason: 'venue up', from: 'reducing' } as const
      assert.equal(await store.settings.setTradingState('active', resuming), false)
      assert.deepEqual(await store.settings.tradingState(), halted)
      assert.equal(await store.settings.setTradingState('active', { ...resuming, from: 'halted' }), true)
      assert.equal((await store.settings.tradingState()).state, 'active')
    })

    test('a setting holds its last value, and any text', async (t) => {
      const store = await open(t)
      assert.equal(await store.settings.get('note'), undefined)
      await store.settings.set('note', 'first')
      await store.settings.set('note', 'a \0 and a \ud800')
      assert.equal(await store.settings.get('note'), 'a \uFFFD and a \uFFFD')
    })
  })
}
