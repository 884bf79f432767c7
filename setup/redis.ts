import { connect } from 'node:net'

const ANSWER_WITHIN_MS = 1000
/** Database 15, so that tests never meet what someone keeps in a local Redis. */
const LOCAL_REDIS = 'redis://127.0.0.1:6379/15'

/**
 * The Redis server that tests may use: the one named, else a local one, if it answers.
 *
 * @returns its address, or undefined and why
 */
export async function findRedis(named: string | undefined): Promise<{ url?: string; reason: string }> {
  const url = named || LOCAL_REDIS
  if (!URL.canParse(url)) return { reason: 'TEST_REDIS_URL is not an address such as redis://127.0.0.1:6379' }
  const { hostname, port } = new URL(url)
  const answers = await speaksRedis(hostname, Number(port || 6379))
  const where = `${hostname}:${port || 6379}`
  return answers ? { url, reason: `Redis at ${where}` } : { reason: `no Redis at ${where} (set TEST_REDIS_URL)` }
}

/** Whether a server at the address answers as Redis does; one that wants a password answers too. */
function speaksRedis(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS })
    const answer = (speaks: boolean) => {
      socket.destroy()
      resolve(speaks)
    }
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => answer(/^(\+PONG|-NOAUTH)/.test(data.toString())))
    socket.once('error', () => answer(false))
    socket.once('timeout', () => answer(false))
    socket.once('close', () => answer(false))
  })
}
