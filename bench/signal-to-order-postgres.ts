/**
 * ms from "forecast stored" to the first child order that a loopback Binance in another process has taken, on the desk's own
 * PostgreSQL alone, beside ccxt's bare `createOrder` to the same exchange.
 *
 * @module
 */
import type { Bench } from './bench.ts'
import { signalToOrder } from './signal-to-order.ts'

const signalToOrderPostgres: Bench = {
  name: 'signal-to-order-postgres',
  run: () => signalToOrder((connectionString) => ({ kind: 'postgres', connectionString })),
}
export default signalToOrderPostgres
