/**
 * `wrong` and `missing` have to be put right before the desk can work as configured; `warning` it can live with; `skipped` says
 * why something was not looked at.
 */
export const CHECK_STATES = ['ok', 'warning', 'missing', 'wrong', 'skipped'] as const
export type CheckState = (typeof CHECK_STATES)[number]

/** One thing that was looked at: what was found, and what to do about it. */
export interface Check {
  readonly area: string
  readonly name: string
  readonly state: CheckState
  readonly found: string
  readonly next?: string
}

type Say = (name: string, found: string, next?: string) => Check

/** The five outcomes of the checks of one area. */
export const checksOf = (area: string): Readonly<Record<CheckState, Say>> => {
  const say =
    (state: CheckState): Say =>
    (name, found, next) => ({ area, name, state, found, ...(next === undefined ? {} : { next }) })
  return {
    ok: say('ok'),
    warning: say('warning'),
    missing: say('missing'),
    wrong: say('wrong'),
    skipped: say('skipped'),
  }
}

export const isInOrder = (checks: readonly Check[]): boolean =>
  checks.every(({ state }) => state !== 'wrong' && state !== 'missing')

const STATE_WIDTH = 7

/** One line a check: `missing  Discord, server: … → what to do next`. */
export function formatChecks(checks: readonly Check[]): string {
  const lines = checks.map(
    ({ state, area, name, found, next }) =>
      `${state.padEnd(STATE_WIDTH)}  ${area}, ${name}: ${found}${next === undefined ? '' : ` → ${next}`}`,
  )
  return `${[...lines, '', formatCounts(checks)].join('\n')}\n`
}

export const countStates = (checks: readonly Check[]): Readonly<Record<CheckState, number>> =>
  Object.fromEntries(
    CHECK_STATES.map((state) => [state, checks.filter((check) => check.state === state).length]),
  ) as Record<CheckState, number>

function formatCounts(checks: readonly Check[]): string {
  const counts = countStates(checks)
  const said = CHECK_STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`)
  return `${said.join(', ')}. ${isInOrder(checks) ? 'Nothing stands in the way: npm start.' : 'Follow the arrows, then run this again.'}`
}
