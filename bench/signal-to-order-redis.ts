/**
 * The same as `signal-to-order-postgres` with the queue on a `redis-server` of its own; the record stays in PostgreSQL.
 *
 * @module
 */
import type { Bench } from './bench.ts'
import { withRedis } from './queue.ts'
import { signalToOrder } from './signal-to-order.ts'

const signalToOrderRedis: Bench = {
  name: 'signal-to-order-redis',
  run: () => withRedis((url) => signalToOrder(() => ({ kind: 'redis', url }))),
}
export default signalToOrderRedis
