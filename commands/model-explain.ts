import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatChance, formatTime } from '../src/domain/format.ts'
import { explanationInWords, LOG_ODDS, waterfallOf } from '../src/domain/model/explain-words.ts'
import type { Explanation } from '../src/domain/model/explanation.ts'

/** `/model explain <forecast|proposal>`: which inputs made a forecast, in words and as a picture. */
export default command({
  name: 'model explain',
  description: 'Which inputs made a forecast, or the forecast a proposal was sized on',
  role: 'viewer',
  options: z.object({
    what: z
      .string()
      .regex(/^[0-9A-Za-z]{1,12}$/, 'Expected an asset such as ETH, or the id on a proposal card')
      .describe('An asset such as ETH for its newest forecast, or the id on a proposal card'),
  }),

  async run({ options }, app) {
    const found = await app.explainForecast(options.what)
    switch (found.kind) {
      case 'not-found':
        return {
          tone: 'refused',
          title: `There is no forecast of ${options.what}`,
          text: `Expected an asset of the book (${found.assets.join(', ')}) or the id of a proposal whose forecast is still on record.`,
        }
      case 'not-explained':
        return {
          tone: 'warning',
          title: `The forecast of ${found.asset} at ${formatTime(found.at)} is not explained`,
          text: found.reason,
        }
      case 'explained': {
        const [first] = found.why
        const when =
          found.at === found.askedAt
            ? `Forecast of ${formatTime(found.at)}`
            : `Forecast of ${formatTime(found.at)}, the last before ${formatTime(found.askedAt)} that was explained`
        return {
          tone: 'info',
          title: `Why ${found.modelId} said this of ${found.asset}`,
          text: when,
          fields: found.why.map((one) => ({ name: nameOf(one), value: linesOf(one).join('\n') })),
          ...(first && {
            picture: waterfallOf(first, {
              title: `${found.asset}: ${titleOf(first)}`,
              subtitle: `${found.modelId}, ${formatTime(found.at)}`,
              unit: LOG_ODDS,
              ...(first.probabilities && { probabilities: first.probabilities }),
            }),
          }),
          footer: `${methodsOf(found.why)}; contributions add up from an average hour to this one, before calibration`,
        }
      }
    }
  },
})

const TITLES: Readonly<Record<string, string>> = {
  'cascade-down-24h': 'cascade down within 24 h',
  'overlay-pays-24h': 'the hedge overlay pays within 24 h',
}

const titleOf = ({ target }: Explanation): string => TITLES[target] ?? target
const nameOf = (one: Explanation): string =>
  one.probabilities ? `${titleOf(one)}: ${formatChance(one.probabilities.score)}` : titleOf(one)
const methodsOf = (why: readonly Explanation[]): string => [...new Set(why.map(({ method }) => method))].join(', ')

function linesOf(one: Explanation): readonly string[] {
  const from = one.probabilities ? [`from ${formatChance(one.probabilities.base)} in an average hour`] : []
  const words = explanationInWords(one, { unit: LOG_ODDS })
  return [...from, ...(words.length > 0 ? words : ['nothing moved it'])]
}
