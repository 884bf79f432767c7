import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_MEMBERS } from '../src/main/demo-members.ts'
import { compare, type Measured, percentile } from './bench.ts'
import { bareCreateOrder } from './limits/create-order.ts'
import { instant, type LoopbackExchange } from './loopback-exchange.ts'
import { roundsOr } from './rounds.ts'
import type { Marks, SignalDesk } from './signal-desk.ts'

const [WARM_UP, ROUNDS] = [40, 250]
const ENDED_WITHIN_MS = 10_000
const OPERATOR = DEMO_MEMBERS.find(({ role }) => role === 'admin')!

/** What lies between two marks of a round. */
type Stage = readonly [name: string, from: keyof Marks | 'begun', to: keyof Marks | 'taken']

/**
 * Rounds from a flat book to the first order that the exchange has taken, each ended by taking it back; between them a bare ccxt
 * sends an order to the same exchange.
 *
 * @param stages - told apart, the middle one of each
 * @param begin - what is measured begins at the instant that it resolves with
 */
export async function timeRounds(
  { desk, exchange }: { desk: SignalDesk; exchange: LoopbackExchange },
  stages: readonly Stage[],
  begin: (marks: Marks) => Promise<number>,
): Promise<Measured> {
  const bare = await bareCreateOrder(exchange.at)
  const [warmUp, rounds] = [roundsOr(WARM_UP), roundsOr(ROUNDS)]
  const [ours, limits]: [number[], number[]] = [[], []]
  const parts = new Map<string, number[]>(stages.map(([name]) => [name, []]))
  for (let round = 1; round <= warmUp + rounds; round++) {
    const id = `bare-${round}`
    const arriving = exchange.next()
    const asked = instant()
    await bare.place(id, desk.bestAsk)
    const arrived = (await arriving).at - asked
    await bare.end(id)

    const marks = desk.begin()
    const taking = exchange.next()
    // What goes wrong before an order is sent is told by `begin` itself.
    taking.catch(() => undefined)
    const begun = await begin(marks)
    const taken = (await taking).at
    await takeBack(desk)
    if (round <= warmUp) continue
    limits.push(arrived)
    ours.push(taken - begun)
    for (const [name, from, to] of stages) {
      const [start, end] = [from === 'begun' ? begun : marks[from], to === 'taken' ? taken : marks[to]]
      if (start === undefined || end === undefined)
        throw new Error(`Expected ${from} and ${to}, was ${Object.keys(marks)}`)
      parts.get(name)!.push(end - start)
    }
  }
  const apart = Object.fromEntries([...parts].map(([name, samples]) => [name, percentile(samples, 0.5)]))
  return compare({ unit: 'ms', ours, limits, apart: { max: Math.max(...ours), ...apart } })
}

/** Ends the execution of a round with nothing filled: the book is flat again, and nothing is left to run. */
async function takeBack({ app, store, queue }: SignalDesk): Promise<void> {
  const [proposal] = await store.proposals.list({ states: ['executing'], limit: 1 })
  if (!proposal) throw new Error('Expected an execution, was none')
  const { proposalId } = proposal
  await queue.settled()
  await app.steerExecution({ proposalId, to: 'canceling', by: OPERATOR })
  const until = performance.now() + ENDED_WITHIN_MS
  while ((await store.proposals.find(proposalId))?.state === 'executing') {
    if (performance.now() > until) throw new Error(`Expected the end of ${proposalId}, was none`)
    await sleep(5)
  }
  await queue.settled()
  const fills = await store.orders.fills(proposalId)
  if (fills.length > 0) throw new Error(`Expected a flat book, was ${fills.length} fills`)
}
