import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ProposalId } from '../../src/domain/proposal.ts'
import { duration, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import type { Clock, JobHandlers, JobName } from '../../src/ports.ts'
import { createQueue, type QueueBackend, type QueueConfig } from '../../src/queue/queue.ts'

const WORKER = fileURLToPath(new URL('./queue-worker.ts', import.meta.url))
const START = timestamp(Date.UTC(2025, 1, 3))

interface Cleanup {
  after(work: () => Promise<void>): void
}

/** What every queue adapter must do, on whichever backend; `skip` says why it cannot be tried here. */
export function describeQueue(
  name: string,
  openBackend: (cleanup: Cleanup) => Promise<QueueBackend>,
  skip?: string,
): void {
  suite(`queue on ${name}`, () => {
    const cleanups: (() => Promise<void>)[] = []
    let backend: QueueBackend
    before(async () => {
      if (skip === undefined) backend = await openBackend({ after: (work) => cleanups.push(work) })
    })
    after(async () => {
      for (const cleanUp of cleanups) await cleanUp()
    })
    const fact = (title: string, run: (t: TestContext) => Promise<void>) => test(title, { skip }, run)

    const open = async (t: TestContext, options: Partial<QueueConfig> = {}) => {
      const config = { backend, clock: wallClock, log: createLog('silent'), name: uniqueName(), ...options }
      const queue = await createQueue(config)
      t.after(() => queue.close())
      return { queue, backend, queueName: config.name }
    }

    fact('a job runs with its data', async (t) => {
      const { queue } = await open(t)
      const ran = recorder()
      await queue.start(handlers({ 'execute-proposal': ran.handler() }))
      await queue.add(execution('AAAAAAAAAA'))
      await queue.settled()
      assert.deepEqual(ran.seen, ['AAAAAAAAAA'])
    })

    fact('the same id runs once while it waits, and again after it completed', async (t) => {
      const { queue } = await open(t)
      const ran = recorder()
      for (let i = 0; i < 5; i++) await queue.add(execution('AAAAAAAAAA'))
      await queue.start(handlers({ 'execute-proposal': ran.handler() }))
      await queue.settled()
      assert.equal(ran.seen.length, 1)
      await queue.add(execution('AAAAAAAAAA'))
      await queue.settled()
      assert.equal(ran.seen.length, 2)
    })

    fact('an id added while it runs runs once more afterwards, never beside itself', async (t) => {
      const { queue } = await open(t)
      let [inside, most, runs] = [0, 0, 0]
      const run = async () => {
        most = Math.max(most, ++inside)
        if (++runs === 1) for (let i = 0; i < 3; i++) await queue.add(execution('AAAAAAAAAA'))
        await sleep(20)
        inside--
      }
      await queue.start(handlers({ 'execute-proposal': { run } }))
      await queue.add(execution('AAAAAAAAAA'))
      await queue.settled()
      assert.deepEqual({ runs, most }, { runs: 2, most: 1 })
    })

    fact(
      'a failing job is tried as often as its handler allows, then given up, and its id is free again',
      async (t) => {
        const { queue } = await open(t)
        let attempts = 0
        const run = async () => {
          if (++attempts <= 3) throw new Error(`no luck ${attempts}`)
        }
        await queue.start(handlers({ 'execute-proposal': { run, attempts: 3 } }))
        await queue.add(execution('AAAAAAAAAA'))
        await queue.settled()
        assert.equal(attempts, 3)

        await queue.add(execution('AAAAAAAAAA'))
        await within(2_000, queue.settled(), 'the re-added job')
        assert.equal(attempts, 4)
      },
    )

    fact('a job over its timeout is failed, not tried again, and does not hold up settled', async (t) => {
      const { queue } = await open(t, { closeTimeout: duration(50) })
      let attempts = 0
      const hang = Promise.withResolvers<void>()
      t.after(() => hang.resolve())
      const run = () => {
        attempts++
        return hang.promise
      }
      await queue.start(handlers({ 'execute-proposal': { run, attempts: 3, timeout: duration(100) } }))
      await queue.add(execution('AAAAAAAAAA'))
      await within(5_000, queue.settled(), 'settled')
      assert.equal(attempts, 1)
    })

    fact('a long forecast holds up no execution', async (t) => {
      const { queue } = await open(t, { concurrency: 1 })
      const release = Promise.withResolvers<void>()
      const executed = Promise.withResolvers<void>()
      await queue.start(
        handlers({
          'refresh-forecasts': { run: () => release.promise },
          'execute-proposal': { run: async () => executed.resolve() },
        }),
      )
      await queue.add({ name: 'refresh-forecasts', data: { at: START }, jobId: 'refresh-forecasts-a' })
      await queue.add(execution('AAAAAAAAAA'))
      await within(5_000, executed.promise, 'the execution')
      release.resolve()
      await queue.settled()
    })

    fact(
      'under a wall clock a job waits for its time, and an immediate one under its id does not wait with it',
      async (t) => {
        const { queue } = await open(t)
        const ran = recorder(() => Date.now())
        await queue.start(handlers({ 'execute-proposal': ran.handler() }))
        const due = timestamp(Date.now() + 400)
        await queue.add({ ...execution('AAAAAAAAAA'), at: timestamp(due + 60_000) })
        await queue.add({ ...execution('AAAAAAAAAA'), at: due })
        await queue.add(execution('AAAAAAAAAA'))
        await queue.settled()
        assert.equal(ran.times.length, 1)
        assert.ok(ran.times[0]! < due, 'the immediate one ran first')
        while (ran.times.length < 2) await sleep(20)
        await queue.settled()
        assert.ok(ran.times[1]! >= due, `ran ${due - ran.times[1]!} ms early`)
      },
    )

    fact('under a virtual clock jobs are held until released, in the order of their time', async (t) => {
      const clock = virtualClock()
      const { queue } = await open(t, { clock })
      const ran = recorder()
      await queue.start(handlers({ 'execute-proposal': ran.handler() }))
      const at = (seconds: number) => timestamp(START + seconds * 1_000)
      await queue.add({ ...execution('CCCCCCCCCC'), at: at(30) })
      await queue.add({ ...execution('AAAAAAAAAA'), at: at(20) })
      await queue.add({ ...execution('AAAAAAAAAA'), at: at(10) })
      await queue.add({ ...execution('BBBBBBBBBB'), at: at(10) })
      await queue.settled()
      assert.deepEqual(ran.seen, [])
      assert.equal(queue.nextDueAt(), at(10))

      clock.advance(10)
      await queue.releaseDue()
      await queue.settled()
      assert.deepEqual(ran.seen, ['AAAAAAAAAA', 'BBBBBBBBBB'])

      clock.advance(3_600)
      await queue.releaseDue()
      await queue.settled()
      assert.deepEqual(ran.seen, ['AAAAAAAAAA', 'BBBBBBBBBB', 'CCCCCCCCCC'])
      assert.equal(queue.nextDueAt(), undefined)
    })

    fact('under a virtual clock settled waits for what a job set off, one after another', async (t) => {
      const { queue } = await open(t, { clock: virtualClock() })
      const order: string[] = []
      const run = async ({ proposalId }: { proposalId: ProposalId }) => {
        order.push(`${proposalId} in`)
        if (proposalId === 'AAAAAAAAAA') {
          for (const next of ['BBBBBBBBBB', 'CCCCCCCCCC', 'AAAAAAAAAA']) {
            if (order.length === 1 || next !== 'AAAAAAAAAA') await queue.add(execution(next))
          }
        }
        await sleep(proposalId === 'BBBBBBBBBB' ? 30 : 1)
        order.push(`${proposalId} out`)
      }
      await queue.start(handlers({ 'execute-proposal': { run } }))
      await queue.add(execution('AAAAAAAAAA'))
      await queue.settled()
      const names = order.map((line) => line[0])
      assert.equal(names.join(''), 'AABBCCAABBCC')
    })

    fact('a restart under a virtual clock is not held up by what a killed run left behind', async (t) => {
      const { backend, queue, queueName } = await open(t, { clock: virtualClock() })
      const child = worker({ backend, queueName, clock: 'virtual' })
      t.after(() => child.kill())
      await child.said('took KKKKKKKKKK')
      await child.kill()
      const ran = recorder()
      await queue.start(handlers({ 'execute-proposal': ran.handler() }))
      await queue.add(execution('KKKKKKKKKK'))
      await within(2_000, queue.settled(), 'the job under the same id')
      assert.deepEqual(ran.seen, ['KKKKKKKKKK'])
    })

    fact('after kill -9 of a worker the job runs under a new id within 2 s in another process', async (t) => {
      const { backend, queue, queueName } = await open(t)
      const first = worker({ backend, queueName, clock: 'wall' })
      t.after(() => first.kill())
      await first.said('ready')
      await queue.add(execution('KKKKKKKKKK', 1))
      await first.said('took KKKKKKKKKK')
      const second = worker({ backend, queueName, clock: 'wall' })
      t.after(() => second.kill())
      await second.said('ready')
      await first.kill()

      await queue.add(execution('KKKKKKKKKK', 2))
      await within(2_000, second.said('took KKKKKKKKKK'), 'the job in the second process')
    })

    fact('closing waits for a running job, and no longer than its bound', async (t) => {
      const { queue } = await open(t)
      let finished = false
      const started = Promise.withResolvers<void>()
      const run = async () => {
        started.resolve()
        await sleep(200)
        finished = true
      }
      await queue.start(handlers({ 'execute-proposal': { run } }))
      await queue.add(execution('AAAAAAAAAA'))
      await started.promise
      await queue.close()
      assert.equal(finished, true)
      await assert.rejects(queue.add(execution('BBBBBBBBBB')), /Expected an open queue/)

      const bounded = await open(t, { closeTimeout: duration(100) })
      const [taken, never] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      t.after(() => never.resolve())
      const hang = () => {
        taken.resolve()
        return never.promise
      }
      await bounded.queue.start(handlers({ 'execute-proposal': { run: hang } }))
      await bounded.queue.add(execution('AAAAAAAAAA'))
      await taken.promise
      await within(5_000, bounded.queue.close(), 'close')
    })

    for (const jobId of ['execute:AAAAAAAAAA', '17', '-3', '', 'a b', 'x'.repeat(201)]) {
      fact(`the job id "${jobId.slice(0, 20)}" is refused`, async (t) => {
        const { queue } = await open(t)
        await assert.rejects(queue.add({ ...execution('AAAAAAAAAA'), jobId }), /Expected a job id of letters/)
      })
    }
  })
}

const wallClock: Clock = { kind: 'wall', now: () => timestamp(Date.now()) }

function virtualClock(): Clock & { advance(seconds: number): void } {
  let now: TimestampMs = START
  return {
    kind: 'virtual',
    now: () => now,
    advance(seconds) {
      now = timestamp(now + seconds * 1_000)
    },
  }
}

const uniqueName = (): string => `t${randomBytes(6).toString('hex')}`

const execution = (proposalId: string, lease = 1) => ({
  name: 'execute-proposal' as const,
  data: { proposalId: proposalId as ProposalId, lease },
  jobId: `execute-${proposalId}-${lease}`,
})

type AnyHandler = { run: (data: never) => Promise<void>; attempts?: number; timeout?: JobHandlers[JobName]['timeout'] }

/** A full table in which everything not named fails the test that reaches it. */
export function handlers(given: Partial<Record<JobName, AnyHandler>>): JobHandlers {
  const names: JobName[] = [
    'refresh-forecasts',
    'propose-hedges',
    'execute-proposal',
    'expire-proposal',
    'remind-approvers',
    'deliver-messages',
    'reconcile',
  ]
  const unexpected = (name: string) => async () => assert.fail(`unexpected job ${name}`)
  return Object.fromEntries(
    names.map((name) => [name, { run: unexpected(name), attempts: 1, timeout: duration(30_000), ...given[name] }]),
  ) as unknown as JobHandlers
}

function recorder(clock: () => number = () => 0) {
  const seen: string[] = []
  const times: number[] = []
  const run = async ({ proposalId }: { proposalId: ProposalId }) => {
    seen.push(proposalId)
    times.push(clock())
  }
  return { seen, times, handler: (): AnyHandler => ({ run }) }
}

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const enough = new AbortController()
  const late = sleep(ms, undefined, { signal: enough.signal }).then(() =>
    assert.fail(`${what} took more than ${ms} ms`),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    enough.abort()
    late.catch(() => undefined)
  }
}

/** A process of its own that takes jobs and never finishes one; `said` waits for a line it prints. */
function worker(options: { backend: QueueBackend; queueName: string; clock: Clock['kind'] }) {
  const child: ChildProcess = spawn(process.execPath, [WORKER, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const heard = new Set<() => void>()
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line)
    for (const hear of heard) hear()
  })
  return {
    async said(line: string): Promise<void> {
      while (!lines.includes(line)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        heard.add(resolve)
        await promise
        heard.delete(resolve)
      }
    },
    async kill(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
