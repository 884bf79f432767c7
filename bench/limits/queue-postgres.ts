import { createPostgresBackend, withBackend } from 'bullmq'

const { Queue, Worker } = withBackend(createPostgresBackend)

/** BullMQ's own minimal example on PostgreSQL: ms from add to processor, one job after another. */
export async function barePostgresQueue(connectionString: string, payload: object, count: number): Promise<number[]> {
  const connection = { connectionString, migrate: true }
  const queue = new Queue('bench-bare', { connection })
  await queue.waitUntilReady()
  let arrived = (_at: number): void => undefined
  const worker = new Worker('bench-bare', async () => arrived(performance.now()), { connection })
  await worker.waitUntilReady()
  const latencies: number[] = []
  for (let i = 0; i < count; i++) {
    const arrival = Promise.withResolvers<number>()
    arrived = arrival.resolve
    const start = performance.now()
    await queue.add('job', payload)
    latencies.push((await arrival.promise) - start)
  }
  await worker.close()
  await queue.obliterate({ force: true })
  await queue.close()
  return latencies
}
