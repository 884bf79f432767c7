import { canonicalJson, sha256 } from '../domain/hash.ts'
import { advanceRails, rearm } from '../domain/risk/advance-rails.ts'
import type { RailFacts } from '../domain/risk/facts.ts'
import { NO_RAIL_EFFECTS, type RailEffects, type RailState } from '../domain/risk/rail.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { RailRecord, RiskDecision, Store } from '../ports.ts'
import { recordAccounts } from './accounts.ts'
import { expireOverdueRequests } from './admin-requests.ts'
import { wakeDelivery } from './announce.ts'
import { announceRails } from './announce-rails.ts'
import { pursueFlatten, readFlattening } from './flatten.ts'
import { createKeepCountdown } from './keep-countdown.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { endRearm, type RearmRequest, readRearm } from './resume-trading.ts'
import { createRiskMemory, readRailFacts } from './risk-facts.ts'
import { readLimits } from './risk-in-force.ts'
import { createWatchLiveGate } from './watch-live-gate.ts'

export interface RiskRound {
  readonly record: RailRecord
  readonly facts: RailFacts
  readonly decisions: readonly RiskDecision[]
}

/**
 * One round of watching: judges every rail on what market, venues and record say at this instant, and puts on record where each
 * stands now, what all together let through, and each change with the numbers it rests on. The desk is told of changes, hedges are
 * asked for again where the rails want another, and what is under way by itself moves on: requests that ran out, countdowns, a
 * decision to flatten, the permission to trade with real money.
 *
 * Rounds in one process come one after the other: each begins where the last one ended.
 */
export const createWatchRisk = (ports: Ports, market: MarketState): (() => Promise<RiskRound>) => {
  const memory = createRiskMemory()
  const keepCountdown = createKeepCountdown(ports)
  const watchLiveGate = createWatchLiveGate(ports)
  let last: Promise<unknown> = Promise.resolve()

  const round = async (): Promise<RiskRound> => {
    await Promise.all([expireOverdueRequests(ports), keepCountdown()])
    const { store, queue } = ports
    const [before, limits, letGo] = await Promise.all([store.rails.read(), readLimits(ports), readRearm(store)])
    const facts = await readRailFacts(ports, market, memory)
    const released = letGoOf(before?.states ?? [], letGo, facts)
    const advanced = advanceRails(released.states, facts, limits)
    const record: RailRecord = { states: advanced.states, effects: advanced.effects, at: facts.at }
    const decisions: readonly RiskDecision[] = [...released.decisions, ...advanced.decisions]
    await store.transaction(async (tx) => {
      await tx.rails.write(record, decisions)
      await recordAccounts(tx, ports)
      for (const decision of decisions) await audit(tx, decision)
      if (letGo) await endRearm(tx, letGo)
      await announceRails(tx, ports, { decisions: advanced.decisions, states: advanced.states, at: facts.at })
    })
    if (decisions.length > 0) await wakeDelivery(queue)
    await pursueFlatten(ports)
    await watchLiveGate(decisions)
    const wantsAnother = wantsAnotherHedge(before?.effects ?? NO_RAIL_EFFECTS, advanced.effects)
    if (wantsAnother && !(await readFlattening(store))) await askForHedges(ports, facts.at)
    return { record, facts, decisions }
  }

  return () => {
    const mine = last.then(round)
    // Whoever comes next does not fail with this one; who asked for this one does.
    last = mine.catch(() => undefined)
    return mine
  }
}

const askForHedges = ({ queue }: Ports, at: TimestampMs): Promise<void> =>
  queue.add({ name: 'propose-hedges', data: { at }, jobId: `propose-hedges-rails-${at}` })

/** Rails that wait for a person, and one has let go of them all. */
function letGoOf(
  states: readonly RailState[],
  asked: RearmRequest | undefined,
  facts: RailFacts,
): { readonly states: readonly RailState[]; readonly decisions: readonly RiskDecision[] } {
  if (!asked) return { states, decisions: [] }
  const held = states.filter(({ heldForPerson }) => heldForPerson)
  const inputsHash = sha256(canonicalJson(facts))
  let left = states
  const decisions = held.map((state): RiskDecision => {
    const outcome = rearm(left, state)
    if (outcome.kind === 'rearmed') left = outcome.states
    const { rail, scope, level, text } = state
    const inputs = { rearmedBy: asked.by, rearmedAt: asked.at, text }
    return { at: facts.at, rail, scope, before: level, after: level, inputs, inputsHash }
  })
  return { states: left, decisions }
}

const audit = (tx: Store, { at, rail, scope, before, after, inputs, inputsHash }: RiskDecision): Promise<void> =>
  tx.audit.append({
    at,
    actor: 'system',
    action: before === after ? (inputs.rearmedBy ? 'rail.rearmed' : 'rail.varied') : `rail.${after}`,
    subject: `${rail}/${scope}`,
    details: { before, after, ...inputs, inputsHash },
  })

/** Where a hedge has to change for the rails' own sake: to the maximum, off a venue, or away from it. */
function wantsAnotherHedge(before: RailEffects, after: RailEffects): boolean {
  const isNew = (name: 'hedgeToMax' | 'venuesToReduce'): boolean =>
    after[name].some((one) => !before[name].includes(one))
  return isNew('hedgeToMax') || isNew('venuesToReduce')
}
