import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { createHttpHeartbeat } from '../../src/chat/heartbeat.ts'
import { timestamp } from '../../src/domain/units.ts'

const FACTS = { state: 'active', at: timestamp(1_760_000_000_000) }
const PATH = '/beat/s3cret-path'

async function startServer(t: TestContext, answer: number | 'silence') {
  const taken: { path: string; headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    taken.push({ path: request.url!, headers: request.headers, body })
    // A long answer, more than anybody reads.
    if (answer !== 'silence') response.writeHead(answer).end('x'.repeat(100_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { taken, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('a beat is a small JSON object, posted to the very address', async (t) => {
  const { taken, host } = await startServer(t, 200)
  await createHttpHeartbeat({ address: `http://${host}${PATH}?k=1`, version: '1.2.3' }).beat(FACTS)
  assert.equal(taken[0]!.path, `${PATH}?k=1`)
  assert.equal(taken[0]!.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(taken[0]!.body), { ...FACTS, version: '1.2.3' })
})

test('a name and a password in the address are sent as authorisation', async (t) => {
  const { taken, host } = await startServer(t, 204)
  await createHttpHeartbeat({ address: `http://desk:hunt%65r2@${host}/` }).beat(FACTS)
  assert.equal(taken[0]!.headers.authorization, `Basic ${Buffer.from('desk:hunter2').toString('base64')}`)
  assert.deepEqual(JSON.parse(taken[0]!.body), FACTS)
})

test('a beat that is not taken throws, with nothing of the address', async (t) => {
  const [away, redirecting, silent] = [
    await startServer(t, 503),
    await startServer(t, 307),
    await startServer(t, 'silence'),
  ]
  const cases: readonly (readonly [string, RegExp])[] = [
    [away.host, /^The heartbeat was not taken: HTTP 503$/],
    [redirecting.host, /^The heartbeat could not be delivered: /],
    [silent.host, /^The heartbeat could not be delivered: no answer within 0\.2 s$/],
    ['127.0.0.1:1', /^The heartbeat could not be delivered: /],
  ]
  for (const [host, expected] of cases) {
    const address = `http://desk:hunter2@${host}${PATH}`
    const error = await createHttpHeartbeat({ address, timeoutMs: 200 })
      .beat(FACTS)
      .then(
        () => undefined,
        (reason: Error) => reason,
      )
    assert.match(error!.message, expected)
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /s3cret|hunter2|127\.0\.0\.1/)
  }
})
