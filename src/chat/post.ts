/** How an address outside answered a POST. */
export interface Posted {
  readonly ok: boolean
  readonly status: number
  /** ms that it asks us to wait; undefined when it does not say. */
  readonly retryAfter: number | undefined
  /** The start of what it said. */
  readonly text: string
}

const LONGEST_ANSWER = 2_000

/**
 * Posts once, in limited time. The address may itself be a secret (an ntfy topic, a bot's token, a heartbeat), so nothing of it is in
 * an error.
 *
 * @param url - a name and a password in it are sent as basic authorisation
 * @throws {Error} when there was no answer; its message completes "could not be reached: …"
 */
export async function post(
  url: string,
  { headers, body, timeoutMs }: { headers: Readonly<Record<string, string>>; body: string; timeoutMs: number },
): Promise<Posted> {
  try {
    const { address, authorization } = withoutPassword(url)
    const response = await fetch(address, {
      method: 'POST',
      headers: { ...authorization, ...headers },
      body,
      redirect: 'error', // a key is for the address that was configured
      signal: AbortSignal.timeout(timeoutMs),
    })
    return {
      ok: response.ok,
      status: response.status,
      retryAfter: secondsToMs(response.headers.get('retry-after')),
      text: await startOf(response),
    }
  } catch (error) {
    throw new Error(reasonOf(error, timeoutMs))
  }
}

/** fetch refuses an address with a password in it. */
function withoutPassword(url: string): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url)
  if (address.username === '' && address.password === '') return { address, authorization: {} }
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`
  address.username = ''
  address.password = ''
  return { address, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** An answer is read no further than it is of use, however long it is. */
async function startOf(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  // Leaving the loop early cancels what is still to come.
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= LONGEST_ANSWER) break
  }
  return text.slice(0, LONGEST_ANSWER)
}

const secondsToMs = (seconds: string | null): number | undefined =>
  seconds !== null && /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) * 1000 : undefined

/** fetch wraps what happened in `cause`; its code says enough, and its message may hold the address. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'unknown reason'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  const code = (error.cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : error.name
}
