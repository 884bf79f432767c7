import type { Pager } from '../ports.ts'
import { post } from './post.ts'

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

/** A pager that can also be told that it is over. */
export interface ClosingPager extends Pager {
  /** Ends the incident of that key where the pager has such a thing, and says so elsewhere. Throws when it was not taken. */
  close(incident: Omit<Incident, 'severity'>): Promise<void>
}

/**
 * Speaks to a pager over HTTP. An error names the kind and the status and nothing of the address or the key: an ntfy topic is
 * a secret by itself.
 *
 * @see https://docs.ntfy.sh/publish/ and https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
export function createPager({ kind, url, key, timeoutMs = TIMEOUT_MS }: PagerOptions): ClosingPager {
  const send = async (told: Told): Promise<void> => {
    const { headers, body } = REQUESTS[kind](told, key)
    const answer = await post(url, { headers, body, timeoutMs }).catch((error: Error) => {
      throw new Error(`The ${kind} pager could not be reached: ${error.message}`)
    })
    if (!answer.ok) throw new Error(`The ${kind} pager did not take the page: HTTP ${answer.status}`)
  }
  return {
    name: kind,
    page: ({ key: incident, title, text, severity }) => send({ key: incident, title, text, severity }),
    close: ({ key: incident, title, text }) => send({ key: incident, title, text, severity: 'over' }),
  }
}

interface Told extends Omit<Incident, 'severity'> {
  readonly severity: Incident['severity'] | 'over'
}

interface PagerRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const REQUESTS: Readonly<Record<PagerOptions['kind'], (told: Told, key: string | undefined) => PagerRequest>> = {
  ntfy: ({ title, text, severity }, key) => ({
    headers: {
      Title: headerText(title.slice(0, LONGEST_TITLE)),
      ...NTFY_MANNER[severity],
      ...bearer(key),
    },
    body: text,
  }),

  pagerduty: ({ key: dedupKey, title, text, severity }, key) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      routing_key: key,
      event_action: severity === 'over' ? 'resolve' : 'trigger',
      dedup_key: dedupKey,
      payload: {
        summary: title,
        source: 'breakwater',
        severity: severity === 'over' ? 'info' : severity,
        custom_details: { text },
      },
    }),
  }),

  json: (incident, key) => ({
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body: JSON.stringify(incident),
  }),
}

const NTFY_MANNER: Readonly<Record<Told['severity'], Readonly<Record<string, string>>>> = {
  critical: { Priority: '5', Tags: 'rotating_light' },
  warning: { Priority: '4', Tags: 'warning' },
  over: { Priority: '3', Tags: 'white_check_mark' },
}

const bearer = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { Authorization: `Bearer ${key}` }

/** A header is Latin-1 by itself; beyond ASCII, RFC 2047 says how its text is written, and ntfy reads that. */
const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`
