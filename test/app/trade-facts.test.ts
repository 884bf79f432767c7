import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTradeFacts, tradeRisk } from '../../src/app/trade-facts.ts'
import { price } from '../../src/domain/units.ts'
import { member, openDesk, PRICE } from '../support/desk.ts'

test('a market that moves between facts and quote makes one venue no part of a spread', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.1)
  await desk.app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  await desk.pass(3_600_000)
  const facts = await readTradeFacts(desk.ports)
  assert.ok(facts.holdings.get('ETH')!.hedge > 0)
  for (const moved of [0.999, 1.001]) {
    const risk = tradeRisk(desk.ports, facts, {
      asset: 'ETH',
      side: 'sell',
      parts: [{ leg: 0, quantity: 0.2 }],
      at: price(PRICE * moved),
      emergency: false,
    })
    const [only] = risk.venues
    assert.ok(only!.grossNotionalAfter >= risk.grossNotionalAfter - 1e-6, 'Expected nothing beside the only venue')
  }
})
