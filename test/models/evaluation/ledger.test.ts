import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  checkLook,
  enterLook,
  type LedgerEntry,
  RESERVED,
  readLedger,
  reservedPart,
  seenBefore,
} from '../../../models/evaluation/ledger.ts'
import type { Cleanup } from '../../support/database.ts'

async function folderOf(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-ledger-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const entry: LedgerEntry = {
  evaluatedAt: '2026-01-05T10:00:00.000Z',
  command: 'npm run breakwater -- evaluate',
  codeVersion: '0.1.0 (abc)',
  dataHash: '0123456789abcdef',
  rungs: ['volatility-only', 'tcn'],
  assets: ['ETH', 'BTC'],
  seed: 1,
  window: ['2024-07-15T00:00:00.000Z', '2025-09-01T00:00:00.000Z'],
  figures: [
    {
      rung: 'tcn',
      target: 'cascade-down-24h',
      samples: 4800,
      marketEpisodes: 31,
      lift: Number.NaN,
      brierSkill: 0.021,
      brierSkillOverBelow: { value: 0.01, low: -0.004, high: 0.02 },
    },
  ],
}
const window = [RESERVED.from, RESERVED.to] as const
const again = undefined

suite('the ledger of the reserved stretch', () => {
  test('lets the first look through, enters it, and refuses a second one of the same rung and hours', async (t) => {
    const folder = await folderOf(t)
    const empty = await readLedger(folder)
    checkLook(empty, { rungs: ['tcn'], assets: ['ETH'], window }, { again })
    await enterLook(empty, entry)
    const ledger = await readLedger(folder)
    assert.equal(ledger.entries.length, 1)
    assert.throws(
      () => checkLook(ledger, { rungs: ['gru', 'tcn'], assets: ['ETH'], window }, { again }),
      /first evaluation of tcn on ETH in the stretch kept back for one \(2024-07-15 to 2025-08-31\), was entered in .*ledger\.json on 2026-01-05 already.*--again/s,
    )
    assert.deepEqual(seenBefore(ledger, { rungs: ['gru', 'tcn'], assets: ['ETH'], window }), ['tcn'])
    assert.deepEqual(seenBefore(ledger, { rungs: ['gru', 'tcn'], assets: ['SOL'], window }), [])
    // Another rung, another asset, or hours outside what was looked at.
    checkLook(ledger, { rungs: ['gru'], assets: ['ETH'], window }, { again })
    checkLook(ledger, { rungs: ['tcn'], assets: ['SOL'], window }, { again })
    checkLook(ledger, { rungs: ['tcn'], assets: ['ETH'], window: [RESERVED.to, RESERVED.to + 1] }, { again })
  })

  test('takes a reason for a second look, and it stands there for all to read', async (t) => {
    const folder = await folderOf(t)
    const first = await enterLook(await readLedger(folder), entry)
    const reason = 'a fault in the volume of one venue was found'
    checkLook(first, { rungs: ['tcn'], assets: ['ETH'], window }, { again: reason })
    await enterLook(first, { ...entry, again: reason })
    assert.equal((await readLedger(folder)).entries[1]!.again, reason)
    const text = await readFile(join(folder, 'ledger.md'), 'utf8')
    assert.match(
      text,
      /## 1\. 2026-01-05 10:00 UTC\n[\s\S]*## 2\. .*looked at again\n\nWhy again: a fault in the volume/,
    )
    assert.match(
      text,
      /\| cascade-down-24h \| dilated TCN \| 4800 \| 31 \| – \| 2\.1 % \| 1\.0 % \[-0\.4 %, 2\.0 %\] \|/,
    )
  })

  test('an entry that was changed or taken out is found', async (t) => {
    const folder = await folderOf(t)
    const file = join(folder, 'ledger.json')
    await enterLook(await enterLook(await readLedger(folder), entry), { ...entry, again: 'why' })
    const entries = JSON.parse(await readFile(file, 'utf8')) as unknown[]
    await writeFile(file, JSON.stringify(entries).replace('"samples":4800', '"samples":4801'))
    await assert.rejects(() => readLedger(folder), /Expected entry 1 of .*ledger\.json as it was written, was changed/)
    await writeFile(file, JSON.stringify(entries.slice(1)))
    await assert.rejects(() => readLedger(folder), /entry 1/)
    await writeFile(file, '[{')
    await assert.rejects(() => readLedger(folder), /Expected JSON in .*ledger\.json.*Take the file back/)
  })

  test('knows which part of a window is reserved', () => {
    assert.equal(reservedPart([Date.UTC(2024, 0, 1), RESERVED.from]), undefined)
    assert.deepEqual(reservedPart([Date.UTC(2024, 0, 1), Date.UTC(2024, 7, 1)]), [RESERVED.from, Date.UTC(2024, 7, 1)])
    assert.equal(reservedPart([RESERVED.to, RESERVED.to + 5]), undefined)
  })
})
