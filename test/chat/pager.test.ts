import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createPager } from '../../src/chat/pager.ts'

const INCIDENT = {
  key: 'alert-1',
  title: 'ETH: long liquidations at 2,750.50',
  text: 'Nobody has acknowledged it.',
  severity: 'critical',
} as const
const SECRET = 'k3y-nobody-may-see'

interface Taken {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server on loopback that keeps what it was sent; answers `status`, or nothing at all. */
async function startServer(t: TestContext, answer: { status: number; location?: string } | 'silence') {
  const taken: Taken[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    taken.push({ path: request.url!, headers: request.headers, body })
    if (answer === 'silence') return
    response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-topic` }
}

test('ntfy gets the text with title, the highest priority and a tag', async (t) => {
  const { taken, url } = await startServer(t, { status: 200 })
  await createPager({ kind: 'ntfy', url, key: SECRET }).page(INCIDENT)
  const [{ path, headers, body }] = taken as [Taken]
  assert.equal(path, '/secret-topic')
  assert.equal(body, INCIDENT.text)
  assert.deepEqual(
    [headers.title, headers.priority, headers.tags, headers.authorization],
    [INCIDENT.title, '5', 'rotating_light', `Bearer ${SECRET}`],
  )
})

test('a title beyond ASCII, or with a line break, survives as a header', async (t) => {
  const { taken, url } = await startServer(t, { status: 200 })
  for (const title of ['ETH − Überlauf', 'two\nlines']) {
    await createPager({ kind: 'ntfy', url }).page({ ...INCIDENT, title })
    const [, encoded] = /^=\?UTF-8\?B\?(.+)\?=$/.exec(String(taken.at(-1)!.headers.title)) ?? []
    assert.equal(Buffer.from(encoded!, 'base64').toString(), title)
    assert.equal(taken.at(-1)!.headers.authorization, undefined)
  }
})

test('PagerDuty gets a trigger whose key makes the same incident of it again', async (t) => {
  const { taken, url } = await startServer(t, { status: 202 })
  await createPager({ kind: 'pagerduty', url, key: SECRET }).page(INCIDENT)
  assert.match(taken[0]!.headers['content-type']!, /^application\/json/)
  assert.deepEqual(JSON.parse(taken[0]!.body), {
    routing_key: SECRET,
    event_action: 'trigger',
    dedup_key: 'alert-1',
    payload: {
      summary: INCIDENT.title,
      source: 'breakwater',
      severity: 'critical',
      custom_details: { text: INCIDENT.text },
    },
  })
})

test('what is over closes the incident of its key at PagerDuty, and is told quietly elsewhere', async (t) => {
  const { taken, url } = await startServer(t, { status: 202 })
  const { key, title, text } = INCIDENT
  await createPager({ kind: 'pagerduty', url, key: SECRET }).close({ key, title, text })
  const { event_action, dedup_key } = JSON.parse(taken[0]!.body)
  assert.deepEqual([event_action, dedup_key], ['resolve', key])
  await createPager({ kind: 'ntfy', url }).close({ key, title, text })
  assert.deepEqual([taken[1]!.headers.priority, taken[1]!.headers.tags], ['3', 'white_check_mark'])
  await createPager({ kind: 'json', url }).close({ key, title, text })
  assert.deepEqual(JSON.parse(taken[2]!.body), { key, title, text, severity: 'over' })
})

test('any other address gets the incident as JSON', async (t) => {
  const { taken, url } = await startServer(t, { status: 204 })
  await createPager({ kind: 'json', url, key: SECRET }).page(INCIDENT)
  assert.deepEqual(JSON.parse(taken[0]!.body), INCIDENT)
  assert.equal(taken[0]!.headers.authorization, `Bearer ${SECRET}`)
})

test('a page that is not taken throws with the reason, and with nothing of address or key', async (t) => {
  const away = await startServer(t, { status: 503 })
  const elsewhere = await startServer(t, { status: 307, location: away.url })
  const silent = await startServer(t, 'silence')
  const nobody = 'http://127.0.0.1:1/secret-topic'
  const cases: readonly (readonly [string, RegExp])[] = [
    [away.url, /^The ntfy pager did not take the page: HTTP 503$/],
    [elsewhere.url, /^The ntfy pager could not be reached: /],
    [silent.url, /^The ntfy pager could not be reached: no answer within 0\.2 s$/],
    [nobody, /^The ntfy pager could not be reached: /],
  ]
  for (const [url, expected] of cases) {
    const error = await createPager({ kind: 'ntfy', url, key: SECRET, timeoutMs: 200 })
      .page(INCIDENT)
      .then(
        () => undefined,
        (reason: Error) => reason,
      )
    assert.match(error!.message, expected)
    assert.doesNotMatch(`${error!.stack} ${JSON.stringify(error)}`, /secret-topic|k3y|127\.0\.0\.1/)
    assert.equal(error!.cause, undefined)
  }
  assert.equal(away.taken.length, 1, 'a redirect is not followed: the key is for the address that was configured')
})
