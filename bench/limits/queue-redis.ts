import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

/** BullMQ's own minimal example on Redis: ms from add to processor, one job after another. */
export async function bareRedisQueue(url: string, payload: object, count: number): Promise<number[]> {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const queue = new Queue('bench-bare', { connection })
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
  connection.disconnect()
  return latencies
}
