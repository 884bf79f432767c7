import { z } from 'zod'
import type { Calls } from './calls.ts'

const ENVELOPE = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  description: z.string().optional(),
  parameters: z.object({ migrate_to_chat_id: z.number().optional() }).optional(),
})

/** An answer of the shape that was asked for, or why there is none. */
export type Told<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string; readonly movedTo?: number | undefined }
  | { readonly kind: 'unreachable'; readonly why: string }

export type AskTelegram = <T>(
  method: string,
  params: Readonly<Record<string, unknown>>,
  shape: z.ZodType<T>,
) => Promise<Told<T>>

/** Every answer comes in the same envelope, refusals too. */
export const createAskTelegram =
  (calls: Calls, { apiRoot, token }: { apiRoot: string; token: string }): AskTelegram =>
  async (method, params, shape) => {
    const answer = await calls.ask('Telegram', `${apiRoot}/bot${token}/${method}`, { body: params })
    if (answer.kind === 'unreachable') return answer
    const read = ENVELOPE.safeParse(answer.json)
    if (!read.success)
      return { kind: 'refused', status: answer.status, why: `answered ${answer.status} without a reason` }
    const { ok: accepted, result, description = 'without a reason', parameters } = read.data
    if (!accepted) {
      const why = `answered ${answer.status}: ${description}`
      return { kind: 'refused', status: answer.status, why, movedTo: parameters?.migrate_to_chat_id }
    }
    const value = shape.safeParse(result)
    if (value.success) return { kind: 'told', value: value.data }
    return { kind: 'refused', status: answer.status, why: 'its answer is not of the shape that Telegram publishes' }
  }
