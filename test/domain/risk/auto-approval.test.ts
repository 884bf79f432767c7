import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeAutoApproval } from '../../../src/domain/risk/auto-approval.ts'
import type { ProposalRisk } from '../../../src/domain/risk/checks.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/risk/limits.ts'
import { NO_RAIL_EFFECTS } from '../../../src/domain/risk/rail.ts'
import { duration, fraction, usd } from '../../../src/domain/units.ts'

const risk = (over: Partial<ProposalRisk> = {}): ProposalRisk => ({
  asset: 'ETH',
  side: 'sell',
  tradingState: 'active',
  effects: NO_RAIL_EFFECTS,
  money: 'paper',
  livePermission: 'none',
  askedFor: false,
  notional: usd(50_000),
  dayNotional: usd(0),
  grossNotionalBefore: usd(1e6),
  grossNotionalAfter: usd(1.05e6),
  netDeltaBefore: usd(2e6),
  netDeltaAfter: usd(1.95e6),
  otherNetDelta: usd(0),
  hedgeRatioBefore: fraction(1 / 3),
  hedgeRatioAfter: fraction(0.35),
  venues: [
    {
      venue: 'binance',
      grossNotionalBefore: usd(1e6),
      grossNotionalAfter: usd(1.05e6),
      account: {
        equity: usd(1e6),
        initialMarginBefore: usd(200_000),
        initialMarginAfter: usd(210_000),
        maintenanceMarginBefore: usd(10_000),
        maintenanceMarginAfter: usd(10_500),
      },
    },
  ],
  requestedRatio: fraction(0.35),
  priceAge: duration(1000),
  maxPriceAge: duration(10_000),
  proposalsToday: 0,
  ratioChangeLastHour: fraction(0),
  ratioChangeLastDay: fraction(0),
  ...over,
})
const budget = { maxOrder: usd(100_000), maxHour: usd(150_000), maxDay: usd(400_000) }
const judge = (over: Partial<ProposalRisk> = {}, [hour, day]: readonly [number, number] = [0, 0], most = budget) =>
  judgeAutoApproval({
    risk: risk(over),
    limits: DEFAULT_LIMITS,
    budget: most,
    spentLastHour: usd(hour),
    spentLastDay: usd(day),
  })
const reasons = (...args: Parameters<typeof judge>): readonly string[] => {
  const judged = judge(...args)
  return judged.kind === 'refused' ? judged.reasons : []
}

test('a protective proposal within the budget needs nobody, and what is left is said', () => {
  const judged = judge({}, [100_000, 350_000])
  assert.equal(judged.kind, 'approved')
  if (judged.kind !== 'approved') return
  assert.deepEqual([judged.leftThisHour, judged.leftThisDay], [0, 0])
  assert.match(judged.text, /net delta \$2\.00 M to \$1\.95 M on binance; 100 % of the budget of a day used/)
})

test('order, hour and day each bound it', () => {
  assert.deepEqual(reasons({ notional: usd(100_001) }), ['over budget for one order: $100.0 k of $100.0 k'])
  assert.match(reasons({}, [100_001, 100_001]).join(), /^over budget for the last hour: \$150\.0 k/)
  assert.match(reasons({}, [0, 350_001]).join(), /^over budget for the last day: \$400\.0 k/)
})

test('without a budget there is none, not an endless one', () => {
  assert.deepEqual(reasons({}, [0, 0], { ...budget, maxOrder: usd(0) }), ['there is no budget'])
  assert.equal(judge({}, [0, 0], { ...budget, maxDay: usd(0) }).kind, 'refused')
})

test('what is not protective waits for a person', () => {
  assert.match(reasons({ netDeltaAfter: usd(2.05e6) }).join(), /^not protective: net delta \$2\.00 M to \$2\.05 M/)
  const levered = [{ ...risk().venues[0]!, grossNotionalBefore: usd(3e6), grossNotionalAfter: usd(3.05e6) }]
  assert.match(reasons({ venues: levered }).join(), /^not protective.*LEVERAGE_EXCEEDS_MAX/)
})

test('it works while trading is reducing, and not while it is halted or a rail stands against it', () => {
  assert.equal(judge({ tradingState: 'reducing' }).kind, 'approved')
  assert.deepEqual(reasons({ tradingState: 'halted' }), ['TRADING_HALTED'])
  const frozen = { ...NO_RAIL_EFFECTS, frozenVenues: ['binance'] }
  assert.deepEqual(reasons({ effects: frozen }), ['VENUE_FROZEN venue=binance'])
})
