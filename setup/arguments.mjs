import { SetupError } from './setup-error.mjs'

/** Verbs that are commands of the product; `breakwater` passes on whatever command follows it. */
const PRODUCT_VERBS = ['demo', 'start', 'doctor', 'train', 'prove', 'bench']
const VERBS = [...PRODUCT_VERBS, 'test', 'faults', 'soak', 'breakwater']

/**
 * What to run on the pinned Node.
 *
 * @param {readonly string[]} words - the verb and its arguments
 * @returns {string[]} a file of this repository, then its arguments
 */
export function entryFor([verb, ...rest]) {
  // `npm run demo -- -- --script` and a habit from other runners: one leading separator means nothing.
  const args = rest[0] === '--' ? rest.slice(1) : rest
  if (verb === 'test') return ['setup/test.ts', ...args]
  if (verb === 'faults' || verb === 'soak') return [`test/${verb}/main.ts`, ...args]
  // The watchdog has a way in of its own, which shares nothing with the desk and so starts at once.
  if (verb === 'breakwater' && args[0] === 'watchdog') return ['src/watchdog/main.ts', ...args.slice(1)]
  if (verb === 'breakwater') return ['src/main.ts', ...args]
  if (PRODUCT_VERBS.includes(verb)) return ['src/main.ts', verb, ...args]
  throw new SetupError(`Expected one of ${VERBS.join(', ')}, was ${verb === undefined ? 'nothing' : verb}.`, 2)
}
