import type { Ports } from './ports.ts'
import type { Reconciliation } from './reconcile.ts'
import { wakeRiskWatch } from './wake-risk-watch.ts'

/** `/risk reconcile`: one round of reconciling for someone who asks, judged by the rails at once. */
export const createReconcileNow =
  ({ queue }: Pick<Ports, 'queue'>, reconcile: () => Promise<Reconciliation>) =>
  async (): Promise<Reconciliation> => {
    const found = await reconcile()
    await wakeRiskWatch(queue)
    return found
  }
