import type { Forecaster, ModelCardFacts } from '../ports.ts'

/**
 * The model that answers by the record as it is now: another process may have promoted, rolled back or demoted one, and a process
 * that only takes commands asks for no forecast by which it would hear of it.
 */
export async function modelInForce(forecaster: Forecaster): Promise<ModelCardFacts | undefined> {
  await forecaster.refresh?.()
  return forecaster.model
}
