import type { App } from '../../app/app.ts'
import type { Asker, Command, Completion } from '../command.ts'

/** As many as Discord shows. */
export const MOST_COMPLETIONS = 25

/** What fits what has been typed of an option, what begins with it first; none where the command offers none. */
export async function completionsOf(
  command: Command,
  { option, typed, asker, app }: { option: string; typed: string; asker: Asker; app: App },
): Promise<readonly Completion[]> {
  const { complete = {} } = command
  const offered = Object.hasOwn(complete, option) ? await complete[option]!(asker, app) : []
  const wanted = typed.trim().toLowerCase()
  const fits = (completion: Completion): boolean =>
    [completion.value, completion.label ?? ''].some((text) => text.toLowerCase().includes(wanted))
  const begins = ({ value }: Completion): boolean => value.toLowerCase().startsWith(wanted)
  const matching = offered.filter(fits)
  return [...matching.filter(begins), ...matching.filter((one) => !begins(one))].slice(0, MOST_COMPLETIONS)
}
