import type { Preferences } from '../domain/preferences.ts'
import type { Ports } from './ports.ts'

/**
 * Changes how a member is told; what is not named stays. Nothing named only reads.
 *
 * @param change - `quietHours: undefined` ends them; without the key they stay
 * @returns how the member is told from now on
 */
export const createChangePreferences =
  ({ store }: Pick<Ports, 'store'>) =>
  ({ memberId, change }: { memberId: string; change: Partial<Preferences> }): Promise<Preferences> =>
    store.transaction(async (tx) => {
      const before = await tx.members.preferences(memberId)
      if (Object.keys(change).length === 0) return before
      const wanted = { ...before, ...change }
      await tx.members.setPreferences(memberId, wanted)
      return wanted
    })
