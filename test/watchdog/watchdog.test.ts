import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { VARIABLES } from '../../src/config/variables.ts'
import { readConfig } from '../../src/config.ts'
import { duration, timestamp } from '../../src/domain/units.ts'
import { createCalls } from '../../src/main/doctor/calls.ts'
import { checkHeartbeat } from '../../src/main/doctor/heartbeat.ts'
import { DEFAULTS, readWatchdogSettings } from '../../src/watchdog/settings.ts'
import { startWatchdog } from '../../src/watchdog/watchdog.ts'
import { NotTakenError, type Way } from '../../src/watchdog/ways.ts'
import type { Alert } from '../../src/watchdog/words.ts'
import { eventually } from '../support/eventually.ts'

const SECRET_PATH = '/beat/s3cret'

/** People who are reached, or not for the next `failures` tries. */
function openWay(name: string) {
  const got: Alert[] = []
  const way = {
    name,
    failures: 0,
    got,
    async send(alert: Alert) {
      if (way.failures > 0) {
        way.failures--
        throw new NotTakenError('answered HTTP 503', 1)
      }
      got.push(alert)
    },
  }
  return way satisfies Way
}

async function open(t: TestContext, { ways = [openWay('a way')], silentAfterMs = 300, path = SECRET_PATH } = {}) {
  const lines: string[] = []
  const watchdog = await startWatchdog({
    settings: {
      port: 0,
      bind: '127.0.0.1',
      silentAfterMs,
      repeatAfterMs: 60_000,
      beat: { path, authorization: undefined },
    },
    ways,
    log: { info: (line) => void lines.push(line), error: (line) => void lines.push(line) },
    retry: { firstMs: 5, longestMs: 20 },
  })
  t.after(() => watchdog.close())
  const origin = `http://127.0.0.1:${watchdog.port}`
  const post = async (at: string, body: string | Uint8Array<ArrayBuffer>) =>
    (await fetch(`${origin}${at}`, { method: 'POST', body })).status
  return {
    origin,
    lines,
    post,
    beat: (state = 'active') => post(SECRET_PATH, JSON.stringify({ state, at: 1 })),
    health: async () => (await (await fetch(`${origin}/health`)).json()) as Record<string, unknown>,
    port: watchdog.port,
  }
}

test('beats are taken at the secret path alone, and /health tells the age of the last to everyone', async (t) => {
  const { beat, post, health, lines } = await open(t, { silentAfterMs: 60_000 })
  assert.deepEqual(
    [(await health()).standing, (await health()).lastBeatAgeMs, (await health()).beats],
    ['waiting', null, 0],
  )
  for (const path of ['/', '/beat', '/beat/s3cre', '/beat/s3cret?x=1', '/%62eat/other', '//']) {
    assert.ok([400, 404].includes(await post(path, '{}')), path)
  }
  assert.equal((await health()).beats, 0)
  assert.equal(await beat(), 204)
  assert.equal(await post(`${SECRET_PATH}/`, '{}'), 204)
  const { standing, beats, lastBeatAgeMs } = await health()
  assert.deepEqual([standing, beats], ['hearing', 2])
  assert.ok(typeof lastBeatAgeMs === 'number' && lastBeatAgeMs >= 0)
  assert.equal(lines.filter((line) => /without the secret/.test(line)).length, 1)
  assert.doesNotMatch(lines.join(), /s3cret/)
})

test('bad input counts as no beat and does no harm', async (t) => {
  const { post, health, port, beat } = await open(t, { silentAfterMs: 60_000 })
  const bodies = ['', '{', 'null', '[]', '"x"', '1', new Uint8Array([0xff, 0xfe, 0x00]), 'x'.repeat(3000)]
  for (const body of bodies) assert.equal(await post(SECRET_PATH, body), 400)
  assert.equal(await post(SECRET_PATH, `{"state":"${'x'.repeat(5000)}"}`), 413)
  for (const raw of [
    'nonsense\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n',
    `POST ${SECRET_PATH} HTTP/1.1\r\n`,
  ]) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => undefined) // it may be cut off for this
    socket.write(raw)
    socket.resume().end()
    await once(socket, 'close')
  }
  assert.equal((await health()).beats, 0)
  assert.equal(await beat('<b>not a word</b>'), 204)
})

test('a silence is told by every way; one that fails is tried again and holds up no other', async (t) => {
  const [works, fails] = [openWay('works'), openWay('fails')]
  fails.failures = 3
  const { beat, health } = await open(t, { ways: [works, fails] })
  await beat()
  const told = await eventually(async () => (works.got.length > 0 && fails.got.length > 0 ? true : undefined))
  assert.ok(told)
  assert.deepEqual(
    [works.got[0]!.title, works.got.length, fails.got[0]!.title],
    ['Breakwater has fallen silent', 1, 'Breakwater has fallen silent'],
  )
  assert.deepEqual([(await health()).standing, (await health()).failingWays], ['silent', 0])
  await beat('reducing')
  await eventually(async () => (fails.got.length > 1 && works.got.length > 1) || undefined)
  for (const way of [works, fails]) {
    assert.deepEqual([way.got.at(-1)!.over, way.got.at(-1)!.title], [true, 'Breakwater is back'])
    assert.match(way.got.at(-1)!.text, /trading state reducing\.$/)
  }
})

test('when no way works, /health says so and the watchdog goes on', async (t) => {
  const way = openWay('fails')
  way.failures = Number.POSITIVE_INFINITY
  const { origin, health, lines } = await open(t, { ways: [way] })
  const sick = await eventually(async () => ((await fetch(`${origin}/health`)).status === 503 ? true : undefined))
  assert.ok(sick)
  assert.equal((await health()).failingWays, 1)
  assert.ok(lines.some((line) => /^fails did not take the alert: answered HTTP 503$/.test(line)))
  way.failures = 0
  await eventually(async () => (way.got.length > 0 ? true : undefined))
  assert.equal(way.got[0]!.title, 'Breakwater has not been heard')
})

test('setting the machine’s clock neither makes a silence up nor hides one', async (t) => {
  const way = openWay('a way')
  const { beat, health } = await open(t, { ways: [way], silentAfterMs: 400 })
  const realNow = Date.now
  t.after(() => {
    Date.now = realNow
  })
  await beat()
  Date.now = () => realNow() + 86_400_000
  await beat()
  assert.deepEqual([(await health()).standing, way.got.length], ['hearing', 0])
  Date.now = () => realNow() - 86_400_000
  assert.ok(await eventually(async () => (way.got.length > 0 ? true : undefined)))
})

test('doctor asks a watchdog how it stands without passing for the desk, and tells a wrong path', async (t) => {
  const { origin, beat, health } = await open(t, { silentAfterMs: 60_000 })
  const examine = async (HEARTBEAT_URL: string, TRADING_MODE = 'paper') => {
    const calls = createCalls({ timeout: duration(2_000), now: () => timestamp(Date.now()) })
    const environment = { HEARTBEAT_URL, TRADING_MODE, TRADING_VENUES: 'okx' }
    const checks = await checkHeartbeat(readConfig({ envFile: '/nowhere/.env', environment }), calls)
    assert.doesNotMatch(JSON.stringify(checks), /s3cret/)
    return checks.map(({ name, state, found }) => `${state} ${name}: ${found}`)
  }
  await beat()
  const lines = await examine(`${origin}${SECRET_PATH}`)
  assert.match(
    lines.join('\n'),
    /^ok address: .*knows this address\nok watchdog: \S+ hears a desk, last 0 s ago\nok alerts: 1 ways/,
  )
  assert.equal((await health()).beats, 1)
  assert.match((await examine(`${origin}/beat/other`))[0]!, /^wrong address: .* another path/)
  assert.match((await examine('http://127.0.0.1:1/s3cret'))[0]!, /^wrong address: /)
  assert.match((await examine(''))[0]!, /^ok address: none/)
  assert.match((await examine('', 'live'))[0]!, /^warning address: none, so nobody would notice/)
})

test('the watchdog’s own defaults are those of the desk', () => {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    assert.equal(VARIABLES[name as keyof typeof DEFAULTS].default, value, name)
  }
})

test('what is wrong with its settings is told at once, without a secret', () => {
  const read = (args: string[], environment: Record<string, string>) =>
    readWatchdogSettings(args, { environment, envFile: '/nowhere/.env' })
  assert.throws(() => read([], {}), /Expected a way to reach people, was none/)
  assert.throws(
    () =>
      read(['--bind', '0.0.0.0'], { PAGER_URL: 'https://ntfy.example/hunter2', HEARTBEAT_URL: 'http://watch.example' }),
    /--bind: .*anyone could beat/,
  )
  const broken = { PAGER_URL: 'ftp://hunter2', HEARTBEAT_URL: 'hunter2', TELEGRAM_TOKEN: 'hunter2', PAGER_KIND: 'bell' }
  assert.throws(
    () => read(['--silent-after', '20'], broken),
    ({ message }: Error) => {
      for (const name of ['PAGER_URL', 'HEARTBEAT_URL', 'TELEGRAM_CHAT_IDS', 'PAGER_KIND', '--silent-after']) {
        assert.match(message, new RegExp(`^ {2}${name}: Expected`, 'm'))
      }
      assert.doesNotMatch(message, /hunter2/)
      return true
    },
  )
  const settings = read(['--bind', '0.0.0.0'], {
    PAGER_URL: 'https://ntfy.example/topic',
    HEARTBEAT_URL: 'http://watch.example:8687/beat/abc/',
  })
  assert.deepEqual(settings?.beat, { path: '/beat/abc', authorization: undefined })
})
