import { describeQueue } from '../conformance/queue.ts'

const url = process.env.TEST_REDIS_URL

describeQueue(
  'Redis',
  async () => ({ kind: 'redis', url: url! }),
  url ? undefined : 'TEST_REDIS_URL names no Redis server; set it to e.g. redis://127.0.0.1:6379',
)
