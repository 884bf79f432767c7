import { isConnectionLost } from './errors.ts'
import { type Patience, retryWhileAway, unavailable } from './retry.ts'

type Verbs = Readonly<Record<string, unknown>>

/**
 * Puts every verb of a repository under one rule for a database that goes away: those named in `repeatable` are tried
 * again for a while; the rest fail with an error that says what to do, because they may have happened.
 */
export function guard<R extends object>(
  repository: R,
  { patience, repeatable }: { patience: Patience; repeatable: readonly (keyof R)[] },
): R {
  const guarded = Object.entries(repository as Verbs).map(([name, verb]) => {
    if (typeof verb !== 'function' || verb.constructor.name === 'AsyncGeneratorFunction') return [name, verb]
    const call = async (...input: unknown[]): Promise<unknown> => verb.apply(repository, input)
    if (repeatable.includes(name as keyof R)) {
      return [name, (...input: unknown[]) => retryWhileAway(() => call(...input), patience)]
    }
    return [
      name,
      (...input: unknown[]) =>
        call(...input).catch((error: unknown) => {
          throw isConnectionLost(error) ? unavailable(error, patience) : error
        }),
    ]
  })
  return Object.fromEntries(guarded) as R
}
