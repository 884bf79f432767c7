import type { App } from '../src/app/app.ts'
import type { Asker, Completion } from '../src/chat/command.ts'
import { formatQuantity, formatUsd } from '../src/domain/format.ts'

/** One is pending a book and asset, so that these are all there are. */
const LATEST = 50

/** What can still be decided, newest first. */
export async function pendingProposals({ at }: Asker, app: App): Promise<readonly Completion[]> {
  const latest = await app.listProposals(LATEST)
  return latest
    .filter(({ state, expiresAt }) => state === 'pending' && at < expiresAt)
    .map(({ proposalId, side, quantity, asset, notional }) => ({
      value: proposalId,
      label: `${proposalId}: ${side} ${formatQuantity(quantity, asset)}, ${formatUsd(notional)}`,
    }))
}
