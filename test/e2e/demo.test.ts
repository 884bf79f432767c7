import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { databaseOn, type Ended, openDataFolder, processesOn, runProduct, startProduct } from './product.ts'

const PANELS = new URL('../../../shared/data/panel', import.meta.url)
const LONGEST_RUN_MS = 90_000

type Figures = Record<string, number> & { readonly market: string }

function figuresOf({ code, stdout, stderr }: Ended): Figures {
  assert.equal(code, 0, stderr.slice(-2000))
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Figures
}

/** What an unattended run always goes through, whatever the market does. */
function assertWhole(figures: Figures): void {
  for (const name of ['bars', 'forecasts', 'proposals', 'approved', 'orders', 'fills', 'denied', 'forbidden']) {
    assert.ok(figures[name]! >= 1, `Expected ${name} above zero, was ${JSON.stringify(figures)}`)
  }
  assert.ok(figures.approved! <= figures.proposals!)
  assert.ok(figures.hedgeRatioAfter! > figures.hedgeRatioBefore!)
  assert.ok(figures.wallMs! < LONGEST_RUN_MS, `Expected less than 90 s, was ${figures.wallMs} ms`)
}

const withoutTime = ({ wallMs: _, ...rest }: Figures) => rest

const DEMO = ['demo', '--symbol', 'BTC', '--speed', '600']
/** Policy and band under which only people propose. */
const BY_HAND = { HEDGE_POLICY: 'formula', HEDGE_BETA: '0.2', HEDGE_MEAN_RATIO: '0.2', MIN_BAND: '0.5' }
const proposalIn = (text: string): string => /Proposed ([0-9A-HJKMNP-TV-Z]{10})/.exec(text)?.[1] ?? ''

// Two at a time, because most of the time each waits for its market's clock.
suite('the demo and the terminal chat', { concurrency: 2 }, () => {
  test('an unattended run goes from the first forecast to the last fill, the same whenever it is run', async (t) => {
    const words = ['demo', '--script', '--days', '1']
    const [first, second] = await Promise.all([
      runProduct(t, words, { DATA_DIR: await openDataFolder(t) }),
      runProduct(t, words, { DATA_DIR: await openDataFolder(t) }, { input: 'closed' }),
    ])
    const figures = figuresOf(first)
    assertWhole(figures)
    assert.equal(figures.market, 'simulated')
    assert.deepEqual(withoutTime(figuresOf(second)), withoutTime(figures))
    assert.match(first.stdout, /Vera> \/hedge propose ETH[\s\S]*Forbidden[\s\S]*Trading state: halted/)
    assert.match(first.stdout, /^Worst ETH bar.*: 2026-01-05 \d\d:\d\d UTC, low -\d+\.\d % from its open; /m)
  })

  test('an unattended run goes through recorded history as well', {
    skip: existsSync(PANELS) ? false : 'no recorded panels in ../shared/data/panel',
  }, async (t) => {
    const folder = await openDataFolder(t)
    const window = ['--symbol', 'ETH', '--from', '2025-02-02', '--to', '2025-02-03']
    const words = ['demo', '--script', '--market', 'replay:../shared/data/panel', ...window]
    const figures = figuresOf(await runProduct(t, words, { DATA_DIR: folder }))
    assertWhole(figures)
    assert.equal(figures.from as unknown, '2025-02-02T00:00:00.000Z')
    assert.match(String(figures.to), /^2025-02-03T23:/)
    assert.equal(figures.market, 'replay:../shared/data/panel')
    assert.deepEqual(await processesOn(folder), [])
  })

  test('a demo that was killed goes on from what it had stored, and Ctrl-C leaves nothing behind', async (t) => {
    const folder = await openDataFolder(t)
    const settings = { DATA_DIR: folder, BOOK: 'BTC:2', EXECUTION_DURATION_MS: '600000', ...BY_HAND }
    const killed = startProduct(t, [...DEMO, '--fresh'], { settings, input: 'pipe' })
    await killed.printed(/You speak as Ana/)
    killed.say('/as Tom')
    await sayUntil(killed, '/hedge propose BTC 0.6', /Proposed [0-9A-Z]{10}/)
    const proposalId = proposalIn(killed.stdout)
    killed.say('/as Ben')
    killed.say(`/approve ${proposalId}`)
    await killed.printed(new RegExp(`Hedge executed: BTC ${proposalId}`))
    const database = await databaseOn(folder)
    killed.kill('SIGKILL')
    await killed.ended
    assert.equal(await databaseOn(folder), database, 'the database server outlives a kill')

    const next = startProduct(t, DEMO, { settings, input: 'pipe' })
    await next.printed(/You speak as Ana/)
    assert.equal(await databaseOn(folder), database, 'the running database server is adopted')
    next.say('/hedge status')
    await next.printed(/1\.2 BTC short = 60\.0 % hedged/)
    next.say('/hedge history')
    await next.printed(new RegExp(`${proposalId} executed`))

    // npm, and the shell between, pass a signal on that the terminal has already sent to all.
    next.killGroup('SIGINT')
    next.killGroup('SIGINT')
    const { code, signal } = await next.ended
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, next.stderr.slice(-2000))
    assert.deepEqual(await processesOn(folder), [])
  })

  test('a demo ends with its input, and says so', async (t) => {
    const folder = await openDataFolder(t)
    const { code, stdout } = await runProduct(t, ['demo', '--symbol', 'ETH'], { DATA_DIR: folder })
    assert.equal(code, 0)
    assert.match(
      stdout,
      /The input has ended, and with it the demo\. npm run demo -- --script runs without anyone typing/,
    )
    assert.deepEqual(await processesOn(folder), [])
  })

  test('a desk without tokens goes on when its input has ended, until it is stopped and the next takes over', async (t) => {
    const folder = await openDataFolder(t)
    const settings = { DATA_DIR: folder, MARKET: 'simulated', MARKET_SPEED: '300' }
    const desk = startProduct(t, ['start'], { settings, input: 'pipe' })
    await desk.reported(/desk is open/)
    desk.say('/risk status')
    desk.endInput()
    await desk.printed(/Trading state|active/)
    await desk.reported(/the input has ended, so nobody can type here; the desk goes on until it is stopped/)
    const read = desk.stdout.length
    await desk.printed(/Hedge proposed/, read)

    // Of two that only stand by one is told to stop, and stops; the other takes over from the one that stops.
    const [idle, next] = [1, 2].map(() => startProduct(t, ['start'], { settings }))
    for (const waiting of [idle!, next!]) await waiting.reported(/Another Breakwater runs as bot: standing by/)
    idle!.kill('SIGTERM')
    assert.equal((await idle!.ended).code, 0, idle!.stderr)
    assert.doesNotMatch(next!.stderr, /desk is open/)

    for (const [running, then] of [
      [desk, () => next!.reported(/desk is open/)],
      [next!, async () => undefined],
    ] as const) {
      running.kill('SIGTERM')
      const { code, signal } = await running.ended
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, running.stderr.slice(-2000))
      await then()
    }
    assert.deepEqual(await processesOn(folder), [])
  })
})

/** Repeats a line until it is answered as wanted: right after the start there is no forecast yet. */
async function sayUntil(demo: ReturnType<typeof startProduct>, line: string, wanted: RegExp): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = demo.stdout.length
    demo.say(line)
    await demo.printed(/── (REFUSED: )?(Proposed|No forecast yet)/, before)
    if (wanted.test(demo.stdout.slice(before))) return
    assert.ok(attempt < 100, `Expected ${wanted}, was ${demo.stdout.slice(before)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
