import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import { LEAST_HISTORY, seldomKnown, shortGroups, usuallyKnown, withoutFeatures } from '../../models/history.ts'
import type { AssetHours } from '../../models/samples.ts'
import { DAY, HOUR } from '../../src/domain/units.ts'
import { MADE_FROM, makeHours } from './made-hours.ts'

const YEARS = 3
const HOURS = YEARS * 365 * 24
const span = { from: MADE_FROM, to: MADE_FROM + HOURS * HOUR }
const at = (name: string) => FEATURES.findIndex((feature) => feature.name === name)

/** Everything known, but some features only from a day on. */
function knownFrom(days: Readonly<Record<string, number>>): AssetHours {
  const made = makeHours({ hours: HOURS, firstUsable: 0 })
  const mask = made.mask.slice()
  for (const [name, from] of Object.entries(days)) {
    for (let i = 0; i < from * 24; i++) mask[i * FEATURE_COUNT + at(name)] = 0
  }
  return { ...made, mask }
}

test('a group is short when its best known feature has less than two years, and no group that is never known is', () => {
  const all = YEARS * 365
  const sentiment = Object.fromEntries(
    FEATURES.filter(({ group }) => group === 'sentiment').map(({ name }) => [name, all - 700]),
  )
  const chain = Object.fromEntries(FEATURES.filter(({ group }) => group === 'on-chain').map(({ name }) => [name, all]))
  const hours = knownFrom({ ...sentiment, ...chain, 'funding-z': all - 100 })
  const short = shortGroups([hours], { features: 'all' }, span)
  assert.deepEqual(short, [{ group: 'sentiment', has: 700 * DAY }])
  assert.ok(short[0]!.has < LEAST_HISTORY)
  assert.deepEqual(shortGroups([hours], { features: ['funding'] }, span), [])
})

test('what is known in less than half of the hours is left out, what is known nearly always is expected', () => {
  const hours = knownFrom({ 'fear-greed': 600, 'funding-z': 300, basis: 50 })
  assert.deepEqual(seldomKnown([hours], span), ['fear-greed'])
  const expected = usuallyKnown([hours], span)
  assert.deepEqual(
    ['fear-greed', 'funding-z', 'basis', 'funding'].map((name) => expected.includes(name)),
    [false, false, true, true],
  )
})

test('features that are left out read as unknown, and nothing else changes', () => {
  const hours = makeHours({ hours: 100 })
  const [without] = withoutFeatures([hours], ['funding', 'basis'])
  for (let i = 0; i < 100; i++) {
    for (let f = 0; f < FEATURE_COUNT; f++) {
      const isLeftOut = f === at('funding') || f === at('basis')
      assert.equal(without!.mask[i * FEATURE_COUNT + f], isLeftOut ? 0 : 1)
      assert.equal(without!.values[i * FEATURE_COUNT + f], isLeftOut ? 0 : hours.values[i * FEATURE_COUNT + f])
    }
  }
  assert.equal(hours.mask[at('funding')], 1, 'the hours themselves stay as they are')
})
