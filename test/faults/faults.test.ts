import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { available, runAll, startServers } from './harness.ts'
import { VIOLATIONS } from './judge.ts'
import { BREAKAGES, planRun, type RunPlan, STEPS } from './plan.ts'
import { describeFailures } from './report.ts'

/** The same in every suite; `npm run faults` draws its own and goes on for as long as one wants. */
const SEED = 'suite'
const AT_ONCE = 6
const SEARCHED = 3000

const servers = await startServers({ restarts: false })
after(() => servers.stop())

const planned = (): readonly RunPlan[] =>
  Array.from({ length: SEARCHED }, (_, run) =>
    planRun(SEED, run, available({ ...servers, shakenRedis: undefined })),
  ).filter(({ restart }) => !restart)

/** For each step and backend the first run whose one process dies there, at its first visit, and whose schedule is short. */
function killsAtEveryStep(): readonly number[] {
  const plans = planned()
  return (['redis', 'postgres'] as const)
    .filter((queue) => queue === 'postgres' || servers.redis)
    .flatMap((queue) =>
      STEPS.map((step) => {
        const found = plans.find(
          ({ queue: on, endings, isDoubled, durationMs, schedule }) =>
            on === queue &&
            !isDoubled &&
            endings.length === 1 &&
            endings.every((ending) => ending.kind === 'kill' && ending.step === step && ending.nth === 1) &&
            schedule.urgency === 'urgent' &&
            (step === 'intent stored' || durationMs < 3000),
        )
        assert.ok(found, `Expected a run among ${SEARCHED} that kills at "${step}" on ${queue}`)
        return found.run
      }),
    )
}

test('killed inside any step on either queue, every order goes out once and every fill is booked once', async (t) => {
  const results = await runAll(servers, { seed: SEED, runs: killsAtEveryStep(), atOnce: AT_ONCE })
  for (const violation of VIOLATIONS) {
    const count = results.reduce((sum, { verdict }) => sum + verdict.counts[violation], 0)
    assert.equal(count, 0, `${violation}\n${describeFailures(results, undefined)}`)
  }
  const killed = new Set(results.flatMap(({ kills }) => Object.keys(kills)))
  for (const step of STEPS) assert.ok(killed.has(step), `Expected a kill inside "${step}", was none`)
  assert.ok(results.some(({ verdict }) => verdict.isWhole && verdict.fills > 0))
  t.diagnostic(`${results.length} runs, ${results.reduce((sum, { verdict }) => sum + verdict.orders, 0)} orders`)
})

for (const breakage of BREAKAGES)
  test(`with ${breakage} broken on purpose the same harness reports it`, async () => {
    const runs = planned()
      .filter(
        ({ endings, faults }) =>
          endings.some((ending) => ending.kind === 'kill' && ending.step === 'accepted') && faults.submit > 0,
      )
      .slice(0, 12)
      .map(({ run }) => run)
    const results = await runAll(servers, {
      seed: SEED,
      runs,
      atOnce: AT_ONCE,
      breakage,
      isEnough: ({ verdict }) => verdict.findings.length > 0,
    })
    assert.ok(
      results.some(({ verdict }) => verdict.findings.length > 0),
      `Expected ${breakage} to be found in ${runs.length} runs`,
    )
  })
