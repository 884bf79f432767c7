/** `util.inspect.custom` by its public name: the domain imports nothing of Node. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Keeps a value out of everything that prints or serialises it: inspect, JSON, and so logs.
 *
 * @param shown - what is seen instead
 * @returns the value itself, which is still read as before
 */
export function showAs<T extends object>(value: T, shown: object): T {
  const show = { value: () => shown, enumerable: false }
  return Object.defineProperties(value, { toJSON: show, [INSPECT]: show })
}

/** Keeps the named fields of a group out of everything that prints or serialises it; reading a field still works. */
export const hiding = <T extends object>(group: T, secrets: ReadonlySet<string>): T =>
  showAs(
    group,
    Object.fromEntries(
      Object.entries(group).map(([key, value]) => [key, secrets.has(key) && value !== undefined ? '[secret]' : value]),
    ),
  )
