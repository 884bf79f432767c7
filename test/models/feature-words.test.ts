import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURES } from '../../models/features.ts'
import { VENUE_FEATURES } from '../../models/venue-features.ts'
import { featureInWords, hasWords } from '../../src/domain/model/feature-words.ts'

test('every feature has words of its own, for what it is worth and for not being known', () => {
  const all = [...FEATURES, ...VENUE_FEATURES]
  assert.deepEqual(
    all.filter(({ name }) => !hasWords(name)).map(({ name }) => name),
    [],
  )
  for (const { name } of all) {
    for (const words of [
      featureInWords(name, -0.7),
      featureInWords(name, 0),
      featureInWords(name, 3.2),
      featureInWords(name),
    ]) {
      assert.match(words, /^[^_{}]{4,90}$/)
      assert.doesNotMatch(words, /NaN|Infinity|undefined|null|e[+-]\d/)
    }
  }
})
