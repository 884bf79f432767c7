import { type AutocompleteInteraction, InteractionResponseType, type REST, Routes } from 'discord.js'
import type { Logger } from '../../log.ts'
import type { Complete, Completing, Completion } from '../command.ts'
import { toPlain } from '../plain.ts'
import { reasonOf } from './errors.ts'
import { cut } from './text.ts'

const MAX_CHOICES = 25
const MAX_LENGTH = 100

/**
 * Answers what is being typed, once: with nothing when `complete` takes too long or fails, because Discord shows an error
 * after 3 s. Never throws.
 */
export async function answerTyping(
  { interaction, asking }: { interaction: AutocompleteInteraction; asking: Completing },
  { rest, complete, withinMs, log }: { rest: REST; complete: Complete | undefined; withinMs: number; log: Logger },
): Promise<void> {
  const facts = { interactionId: interaction.id, command: asking.command, option: asking.option }
  const tooLate = Promise.withResolvers<readonly Completion[]>()
  const timer = setTimeout(() => {
    log.warn(facts, 'discord completion took too long, none offered')
    tooLate.resolve([])
  }, withinMs)
  try {
    const found = await Promise.race([offered(complete, asking), tooLate.promise]).catch((error: unknown) => {
      log.error({ ...facts, reason: reasonOf(error) }, 'discord completion failed, none offered')
      return []
    })
    await rest.post(Routes.interactionCallback(interaction.id, interaction.token), {
      auth: false,
      body: {
        type: InteractionResponseType.ApplicationCommandAutocompleteResult,
        data: { choices: toChoices(found) },
      },
    })
  } catch (error) {
    // Whoever types on has asked anew meanwhile.
    log.info({ ...facts, reason: reasonOf(error) }, 'discord completion not taken')
  } finally {
    clearTimeout(timer)
  }
}

/** A function that throws at once fails like one that rejects. */
const offered = async (complete: Complete | undefined, asking: Completing): Promise<readonly Completion[]> =>
  (await complete?.(asking)) ?? []

/** A value that Discord cannot carry whole would run something else, so it is not offered. */
const toChoices = (completions: readonly Completion[]) =>
  completions
    .filter(({ value }) => value !== '' && value.length <= MAX_LENGTH)
    .slice(0, MAX_CHOICES)
    .map(({ value, label }) => ({ name: cut(toPlain(label ?? '').trim() || value, MAX_LENGTH), value }))
