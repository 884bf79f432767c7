import type { Pager } from '../ports.ts'

export interface PagerOptions {
  readonly kind: 'ntfy' | 'pagerduty' | 'json'
  /** ntfy: the topic's address. PagerDuty: the Events API v2. json: whatever takes JSON by POST. */
  readonly url: string
  /** ntfy and json: sent as a bearer token. PagerDuty: the integration key. */
  readonly key?: string | undefined
  /** 10 s by default. */
  readonly timeoutMs?: number
}

type Incident = Parameters<Pager['page']>[0]

const TIMEOUT_MS = 10_000
/** PagerDuty takes 1,024 characters of summary, ntfy 250 of title before it cuts. */
const LONGEST_TITLE = 250

/**
 * Speaks to a pager over HTTP. An error names the kind and the status and nothing of the address or the key: an ntfy topic is
 * a secret by itself.
 *
 * @see https://docs.ntfy.sh/publish/ and https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export function createPager({ kind, url, key, timeoutMs = TIMEOUT_MS }: PagerOptions): Pager {
  return {
    name: kind,
    async page(incident) {
      const { headers, body } = REQUESTS[kind](incident, key)
      let response: Response
      try {
        response = await fetch(url, {
          method: 'POST',
          headers,
          body,
          redirect: 'error', // a key is for the address that was configured
          signal: AbortSignal.timeout(timeoutMs),
        })
      } catch (error) {
        throw new Error(`The ${kind} pager could not be reached: ${reasonOf(error, timeoutMs)}`)
      }
      await response.body?.cancel()
      if (!response.ok) throw new Error(`The ${kind} pager did not take the page: HTTP ${response.status}`)
    },
  }
}

interface PagerRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const REQUESTS: Readonly<Record<PagerOptions['kind'], (incident: Incident, key: string | undefined) => PagerRequest>> =
  {
    ntfy: ({ title, text, severity }, key) => ({
      headers: {
        Title: headerText(title.slice(0, LONGEST_TITLE)),
        Priority: severity === 'critical' ? '5' : '4',
        Tags: severity === 'critical' ? 'rotating_light' : 'warning',
        ...bearer(key),
      },
      body: text,
    }),

    pagerduty: ({ key: dedupKey, title, text, severity }, key) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        routing_key: key,
        event_action: 'trigger',
        dedup_key: dedupKey,
        payload: { summary: title, source: 'breakwater', severity, custom_details: { text } },
      }),
    }),

    json: (incident, key) => ({
      headers: { 'content-type': 'application/json', ...bearer(key) },
      body: JSON.stringify(incident),
    }),
  }

const bearer = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { Authorization: `Bearer ${key}` }

/** A header is Latin-1 by itself; beyond ASCII, RFC 2047 says how its text is written, and ntfy reads that. */
const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`

/** fetch wraps what happened in `cause`; its code says enough, and its message may hold the address. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'unknown reason'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  const code = (error.cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : error.name
}
