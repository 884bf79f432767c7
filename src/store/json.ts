import { type RawBuilder, sql } from 'kysely'

/**
 * Text that PostgreSQL can hold: it refuses NUL and unpaired surrogates, which people can type into a chat.
 *
 * @returns the text with U+FFFD in their place
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

/** A value as it will come back from a jsonb column: no undefined, no NaN, only storable text. */
export const storableJson = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'string'
        ? storable(item)
        : item !== null && typeof item === 'object' && !Array.isArray(item)
          ? Object.fromEntries(Object.entries(item).map(([key, inner]) => [storable(key), inner]))
          : item,
    ),
  )

/** A jsonb parameter. */
export const jsonb = <T>(value: T): RawBuilder<T> => sql<T>`${JSON.stringify(storableJson(value))}::jsonb`

/** Drops the keys whose column was null: absent is undefined. */
export const present = <T extends object>(row: { [K in keyof T]: T[K] | null }): T =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)) as T
