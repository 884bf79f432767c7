import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { featureCatalogue, formatCatalogue } from '../../models/feature-catalogue.ts'
import { FEATURES, FEEDS_USED, VENUE_FEATURES } from '../../models/features.ts'
import { FEED_KINDS } from '../../src/domain/market/tick.ts'

test('the page is what the code says; write it anew with npm run breakwater -- features', () => {
  const page = readFileSync(new URL('../../models/FEATURES.md', import.meta.url), 'utf8')
  assert.equal(page, formatCatalogue())
})

test('every feature says what it is, in what unit, out of what and how late', () => {
  const entries = featureCatalogue()
  assert.equal(entries.length, FEATURES.length + VENUE_FEATURES.length)
  for (const entry of entries) {
    for (const part of ['name', 'group', 'formula', 'unit', 'lag'] as const)
      assert.ok(entry[part].length > 0, `${entry.name} ${part}`)
    assert.equal(entry.source.length === 0, entry.group === 'calendar', entry.name)
  }
})

test('no two features of one scope share a name', () => {
  for (const list of [FEATURES, VENUE_FEATURES]) {
    const names = list.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  }
})

test('some feature is made of every kind of feed there is', () => {
  assert.deepEqual(FEEDS_USED, FEED_KINDS)
})

test('the features that logistic models read by name are there', () => {
  const names = FEATURES.map(({ name }) => name)
  for (const name of [
    'volatility-ratio-fast',
    'log-volatility',
    'open-interest-z',
    'funding',
    'funding-z',
    'gain-below',
    'gain-above',
    'open-interest-change-24h',
  ])
    assert.ok(names.includes(name), name)
})
