/**
 * What a feature of the models says, as people say it: `open-interest-change-24h` of 0.041 is "open interest rose 4.2 % in a day".
 *
 * @module
 */

/** What a name's pattern found stands for: the thing, and the thing with its value. */
interface Words {
  readonly noun: string
  readonly say: (value: number) => string
}
type Entry = readonly [pattern: RegExp, words: (...found: string[]) => Words]

const SPANS: Readonly<Record<string, string>> = {
  '1h': 'an hour',
  '24h': 'a day',
  '72h': '3 days',
  '168h': 'a week',
  '720h': 'a month',
  '1d': 'a day',
  '7d': 'a week',
  '30d': 'a month',
}
const span = (hours: string): string => SPANS[hours] ?? hours.replace(/(\d+)h/, '$1 h')

/** Three figures at most, and never an exponent for what people see every day. */
function short(value: number): string {
  const size = Math.abs(value)
  const text = size >= 100 ? Math.round(size).toString() : Number(size.toPrecision(size >= 10 ? 3 : 2)).toString()
  return text.includes('e') ? '0' : text
}
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${short(value)}`
const level = (value: number): string => `${value < 0 ? '−' : ''}${short(value)}`
const percent = (share: number): string => `${level(100 * share)} %`
const rose = (value: number): string => (value < 0 ? 'fell' : 'rose')
const times = (log: number): string => `${short(Math.exp(log))} times`
const perEight = (perMille: number): string => `${level(0.1 * perMille)} %`
/** The small number that stands in for nothing in a logarithm is taken off again. */
const shareOf = (log: number): number => Math.max(0, Math.exp(log) - 1e-3)

const plain = (noun: string, say: (value: number) => string): Words => ({
  noun,
  say: (value) => `${noun} ${say(value)}`,
})

const ofInterest = (noun: string, verb: string, toShare: (value: number) => number): Words =>
  plain(noun, (value) => `${verb} ${percent(toShare(value))} of open interest`)
const gain = (noun: string, side: string): Words =>
  plain(noun, (value) => `are ${short(shareOf(value))} times the ${side} there`)

const sigmas = (noun: string, hours: string): Words => ({
  noun: `${noun} in ${span(hours)}`,
  say: (value) => `${noun} ${rose(value)} ${short(value)} σ in ${span(hours)}`,
})
/** A change in logarithms, said in per cent. */
const change = (noun: string, hours: string): Words => ({
  noun: `change of ${noun} in ${span(hours)}`,
  say: (value) => `${noun} ${rose(value)} ${short(100 * (Math.exp(value) - 1))} % in ${span(hours)}`,
})
const sides = (noun: string, [up, down]: readonly [string, string], hours: string): Words => ({
  noun: `${noun} in ${span(hours)}`,
  say: (value) => `${percent(0.5 + Math.abs(value) / 2)} of ${noun} in ${span(hours)} ${value < 0 ? down : up}`,
})
const ratioOf = (one: string, other: string): Words => ({
  noun: `${one} against ${other}`,
  say: (value) => `${one} ${times(value)} ${other}`,
})

const TERM = 'implied volatility a month ahead over a week ahead'
const skew = (tenor: string): string => `implied volatility of calls over puts ${span(tenor)} ahead`
const KNOWN = 'what is usual these days'
const ENTRIES: readonly Entry[] = [
  [/^return-(\w+)$/, (hours) => sigmas('price', hours!)],
  [/^other-return-(\w+)$/, (hours) => sigmas('price of the other coin', hours!)],
  [/^relative-return-(\w+)$/, (hours) => sigmas('price against the other coin', hours!)],
  [/^other-correlation-72h$/, () => plain('correlation with the other coin over 3 days', level)],
  [/^log-volatility$/, () => plain('volatility an hour', (value) => percent(Math.exp(value)))],
  [/^volatility-ratio-fast$/, () => ratioOf('volatility of the last hours', 'that of the last days')],
  [/^volatility-ratio-slow$/, () => ratioOf('volatility of the last days', 'that of the last weeks')],
  [/^realised-(\w+)$/, (days) => ratioOf(`volatility of ${span(days!)}`, KNOWN)],
  [/^(?:parkinson|garman-klass)-24h$/, () => ratioOf('volatility within the hours of a day', KNOWN)],
  [/^range-1h$/, () => plain('range of the last hour', (value) => `${short(value)} σ`)],
  [/^jump-ratio-24h$/, () => plain('share of jumps in the volatility of a day', percent)],
  [/^downside-share-24h$/, () => plain('share of falls in the volatility of a day', (value) => percent(value + 0.5))],
  [/^largest-move-24h$/, () => plain('largest hour of a day against all its movement', percent)],
  [/^drawdown-72h$/, () => plain('price below the highest of 3 days by', (value) => `${short(value)} σ`)],
  [/^runup-72h$/, () => plain('price above the lowest of 3 days by', (value) => `${short(value)} σ`)],
  [/^volume-24h-z$/, () => usual('volume of a day')],
  [/^hour-(?:co)?sine$/, () => constant('hour of the day')],
  [/^weekday-(?:co)?sine$/, () => constant('day of the week')],
  [/^weekend$/, () => ({ noun: 'weekend', say: (value) => (value > 0.5 ? 'weekend' : 'no weekend') })],
  [/^until-expiry$/, () => plain('hours to the next expiry', (value) => short(24 * value))],
  [/^until-weekly-expiry$/, () => plain('days to the weekly expiry', (value) => short(7 * value))],
  [/^until-funding$/, () => plain('hours to the next funding', (value) => short(8 * value))],
  [/^funding$/, () => plain('funding', (value) => `${perEight(value)} per 8 h`)],
  [/^funding-weighted$/, () => plain('funding weighted by open interest', (value) => `${perEight(value)} per 8 h`)],
  [
    /^funding-change-24h$/,
    () => ({
      noun: 'funding against its day',
      say: (value) => `funding ${short(0.1 * value)} % per 8 h ${value < 0 ? 'below' : 'above'} the mean of a day`,
    }),
  ],
  [/^funding-spread$/, () => plain('funding between the highest and the lowest venue', (value) => perEight(value))],
  [/^funding-deviation$/, () => plain('spread of funding over the venues', (value) => perEight(value))],
  [/^funding-cumulative-72h$/, () => plain('funding paid in 3 days', perEight)],
  [
    /^funding-streak$/,
    () => ({
      noun: 'hours of funding of one sign',
      say: (value) => `funding ${value < 0 ? 'below' : 'above'} zero for ${short(Math.expm1(Math.abs(value)))} h`,
    }),
  ],
  [
    /^(open-interest|option-open-interest|option-volume|implied-volatility)-change-(\w+)$/,
    (of, hours) => change(text(of!), hours!),
  ],
  [
    /^open-interest-acceleration$/,
    () => plain('open interest of 4 h beyond the pace of its day', (value) => signedPercent(value)),
  ],
  [
    /^open-interest-with-price$/,
    () => plain('open interest in the direction of price in a day', (value) => signedPercent(value)),
  ],
  [/^open-interest-concentration$/, () => plain('concentration of open interest on few venues', percent)],
  [/^open-interest-dispersion$/, () => plain('open interest in a day apart between venues by', percent)],
  [/^open-interest-share$/, () => plain('share of open interest', percent)],
  [/^open-interest-to-volume$/, () => ratioOf('open interest', 'the volume of a day')],
  [/^basis$/, () => plain('perpetual over spot', bps)],
  [/^basis-change-24h$/, () => plain('change of the basis in a day', bps)],
  [/^coin-premium$/, () => plain('Coinbase over Binance', bps)],
  [/^price-dispersion$/, () => plain('prices of the venues apart by', bps)],
  [/^fuel-below-(\d)$/, (reach) => ofInterest(`longs force-closed by a fall of ${reach} %`, 'are', shareOf)],
  [/^fuel-above-(\d)$/, (reach) => ofInterest(`shorts force-closed by a rise of ${reach} %`, 'are', shareOf)],
  [/^fuel-asymmetry$/, () => ratioOf('longs waiting 5 % below', 'the shorts 5 % above')],
  [/^heavy-below$/, () => plain('fall that force-closes 1 % of open interest', (value) => `${short(value)} σ`)],
  [/^heavy-above$/, () => plain('rise that force-closes 1 % of open interest', (value) => `${short(value)} σ`)],
  [/^gain-below$/, () => gain('longs force-closed by a fall of 2 %', 'bids')],
  [/^gain-above$/, () => gain('shorts force-closed by a rise of 2 %', 'asks')],
  [/^depth-to-open-interest$/, () => ofInterest('bids within 1 %', 'are', Math.exp)],
  [/^taker-imbalance-slope$/, () => plain('takers of 4 h against those of a day', signedPercent)],
  [/^taker-imbalance-(\w+)$/, (hours) => sides('taker volume', ['bought', 'sold'], hours!)],
  [/^liquidation-imbalance-(\w+)$/, (hours) => sides('force-closed positions', ['were longs', 'were shorts'], hours!)],
  [
    /^liquidation-latest-share$/,
    () => ({
      noun: 'force-closed in the last hour',
      say: (value) => `${percent(value)} of what a day force-closed was in the last hour`,
    }),
  ],
  [/^liquidated-(longs|shorts)-24h$/, (who) => ofInterest(`${who} force-closed in a day`, 'were', shareOf)],
  [/^liquidated-share-24h$/, () => ofInterest('positions force-closed in a day', 'were', shareOf)],
  [/^depth-imbalance$/, () => ratioOf('bids', 'the asks')],
  [/^implied-volatility$/, () => plain('implied volatility a year', (value) => percent(Math.exp(value)))],
  [/^implied-to-known-volatility$/, () => ratioOf('implied volatility', 'the known one')],
  [/^option-term-slope$/, () => plain(TERM, points)],
  [/^option-term-slope-change-24h$/, () => plain(`change in a day of ${TERM}`, points)],
  [/^option-skew-(\w+)$/, (tenor) => plain(skew(tenor!), points)],
  [/^option-skew-(\w+)-change-24h$/, (tenor) => plain(`change in a day of ${skew(tenor!)}`, points)],
  [/^account-log-ratio$/, () => ratioOf('accounts long', 'those short')],
  [/^top-account-log-ratio$/, () => ratioOf('largest accounts long', 'those short')],
  [/^top-position-log-ratio$/, () => ratioOf('longs of the largest accounts', 'their shorts')],
  [/^exchange-netflow-to-open-interest$/, () => ofInterest('coins moved into exchanges in a day', 'were', Number)],
  [/^etf-flow-to-open-interest$/, () => ofInterest('money moved into funds in a day', 'was', Number)],
  [/^fear-greed$/, () => plain('fear and greed index', (value) => short(50 * (value + 1)))],
  [/^fear-greed-change-7d$/, () => plain('fear and greed index in a week', (value) => signed(50 * value))],
  [
    /^age-(.+)$/,
    (kind) => ({
      noun: `age of ${feed(kind!)}`,
      say: (value) => `${feed(kind!)} ${short(Math.expm1(value))} intervals old`,
    }),
  ],
  [/^(.+)-z$/, (of) => usual(Z_NOUNS[of!] ?? text(of!))],
]

const Z_NOUNS: Readonly<Record<string, string>> = {
  depth: 'resting orders within 1 %',
  'depth-imbalance': 'bids against asks',
  volume: 'volume of the hour',
  'account-log-ratio': 'accounts long against short',
  'exchange-netflow': 'flow of coins into exchanges',
  'etf-flow': 'flow into funds',
  'coin-premium': 'premium of Coinbase',
}
const text = (name: string): string => name.replaceAll('-', ' ')
const feed = (kind: string): string => (kind === 'bar' ? 'prices' : text(kind))
const bps = (value: number): string => `${level(value)} bp`
const signedPercent = (value: number): string => `${signed(100 * value)} %`
const points = (value: number): string => `${signed(100 * value)} points`
const constant = (noun: string): Words => ({ noun, say: () => noun })

/** Against its last month, in spreads from the median. */
function usual(noun: string): Words {
  return {
    noun: `${noun} against its month`,
    say: (value) =>
      Math.abs(value) < 0.05
        ? `${noun} as usual this month`
        : `${noun} ${short(value)} spreads ${value < 0 ? 'below' : 'above'} its month`,
  }
}

/** How many features a contribution stands for: one called `103 others` for so many, any other for itself. */
export const featuresIn = (feature: string): number => Number(/^(\d+) others$/.exec(feature)?.[1] ?? 1)

/** Whether a feature has words of its own, and is not only its name with spaces. */
export const hasWords = (feature: string): boolean => wordsOf(feature) !== undefined

function wordsOf(feature: string): Words | undefined {
  for (const [pattern, words] of ENTRIES) {
    const found = pattern.exec(feature)
    if (found) return words(...found.slice(1))
  }
  return undefined
}

/**
 * A feature with its value in words and units that a trader knows.
 *
 * @param feature - a feature's name; a venue's own as `binance open-interest-change-4h`
 * @param value - in the feature's own unit; undefined where it was not known
 */
export function featureInWords(feature: string, value?: number): string {
  if (featuresIn(feature) > 1) return `${feature} together`
  const space = feature.indexOf(' ')
  if (space > 0) return `${feature.slice(0, space)}: ${featureInWords(feature.slice(space + 1), value)}`
  const words = wordsOf(feature) ?? plain(text(feature), level)
  return value === undefined ? `${words.noun} not known` : words.say(value)
}
