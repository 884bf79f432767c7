import { z } from 'zod'
import type { Answer, Calls } from './calls.ts'

/** What is read of Discord's answers; the rest of each is left alone. */
export const ME = z.object({ id: z.string(), username: z.string() })
export const APPLICATION = z.object({
  id: z.string(),
  name: z.string().optional(),
  flags: z.number().optional(),
  owner: ME.optional(),
  /** Of a team the owner is no person. */
  team: z.unknown().optional(),
  bot_require_code_grant: z.boolean().optional(),
  interactions_endpoint_url: z.string().nullish(),
})
export const GUILD = z.object({
  id: z.string(),
  name: z.string(),
  owner_id: z.string(),
  roles: z.array(z.object({ id: z.string(), permissions: z.string() })),
})
export const MEMBER = z.object({
  roles: z.array(z.string()),
  communication_disabled_until: z.string().nullish(),
})
export const CHANNEL = z.object({
  id: z.string(),
  type: z.number(),
  name: z.string().nullish(),
  guild_id: z.string().optional(),
  permission_overwrites: z
    .array(z.object({ id: z.string(), allow: z.string(), deny: z.string() }))
    .optional()
    .default([]),
})
export const CHANNELS = z.array(CHANNEL).nullable()
export const SERVERS = z.array(z.object({ id: z.string(), name: z.string() })).nullable()
export const COMMANDS = z.array(z.object({ name: z.string() })).nullable()
const FAULT = z.object({ code: z.number(), message: z.string() })

/** An answer in the shape that was asked for, or why there is none. */
export type Told<T> =
  | { readonly kind: 'told'; readonly value: T }
  /** Discord's own reason; `code` 0 where it gives none. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly message: string }
  | { readonly kind: 'unreachable'; readonly why: string }

export type AskDiscord = <T>(path: string, shape: z.ZodType<T>) => Promise<Told<T>>

export const createAskDiscord =
  (calls: Calls, { apiRoot, token }: { apiRoot: string; token: string }): AskDiscord =>
  async (path, shape) =>
    toTold(
      await calls.ask('Discord', `${apiRoot}/v10${path}`, {
        headers: { authorization: `Bot ${token}`, 'user-agent': 'DiscordBot (breakwater, 0.1)' },
      }),
      shape,
    )

function toTold<T>(answer: Answer, shape: z.ZodType<T>): Told<T> {
  if (answer.kind === 'unreachable') return answer
  const { status, json } = answer
  if (status === 200) {
    const read = shape.safeParse(json)
    if (read.success) return { kind: 'told', value: read.data }
    return { kind: 'refused', status, code: 0, message: 'its answer is not of the shape that Discord publishes' }
  }
  const fault = FAULT.safeParse(json)
  const message = fault.success ? fault.data.message : 'without a reason'
  return { kind: 'refused', status, code: fault.success ? fault.data.code : 0, message }
}

/** In words, for a check. */
export const inWords = (told: Exclude<Told<unknown>, { kind: 'told' }>): string =>
  told.kind === 'unreachable'
    ? told.why
    : `answered ${told.status}${told.code ? ` (${told.code})` : ''}: ${told.message}`
