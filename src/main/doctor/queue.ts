import { Redis } from 'ioredis'
import type { ConfigReading } from '../../config.ts'
import type { DurationMs } from '../../domain/units.ts'
import { type Check, checksOf } from './check.ts'

const OLDEST_MAJOR = 5
const RECOMMENDED = '6.2'

const { ok, warning, wrong, skipped } = checksOf('Queue')

/** Redis as the queue needs it, where one is configured. */
export async function checkQueue(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  timeout: DurationMs,
): Promise<readonly Check[]> {
  if (values.REDIS_URL === undefined) {
    return [
      given.has('REDIS_URL')
        ? skipped('Redis', 'REDIS_URL cannot be read yet')
        : ok('Redis', 'none, so the queue lives in the database, which is enough'),
    ]
  }
  const { host } = new URL(values.REDIS_URL)
  const redis = new Redis(values.REDIS_URL, {
    lazyConnect: true,
    connectTimeout: timeout,
    commandTimeout: timeout,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let failure: Error | undefined
  redis.on('error', (error) => {
    failure = error
  })
  try {
    await redis.connect()
    return judge(host, new Map((await redis.info()).split(/\r?\n/).map((line) => line.split(':') as [string, string])))
  } catch (error) {
    const next = 'start it or correct REDIS_URL; left empty, the queue lives in the database'
    return [wrong('Redis', `${host} does not let us in: ${reasonOf(failure ?? error)}`, next)]
  } finally {
    redis.disconnect()
  }
}

/** @param info - what `INFO` says, by name */
function judge(host: string, info: ReadonlyMap<string, string>): readonly Check[] {
  const version = info.get('redis_version') ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const policy = info.get('maxmemory_policy')
  const kept = info.get('aof_enabled') === '1' ? 'appended to a file' : 'saved now and then at most'
  return [
    major < OLDEST_MAJOR
      ? wrong(
          'Redis',
          `${host} is version ${version}`,
          `the queue needs ${OLDEST_MAJOR}, better ${RECOMMENDED} or newer`,
        )
      : major < 6 || (major === 6 && minor < 2)
        ? warning('Redis', `${host} answers, version ${version}`, `${RECOMMENDED} or newer is better`)
        : ok('Redis', `${host} answers, version ${version}`),
    policy === 'noeviction'
      ? ok('memory of Redis', 'noeviction: no job is thrown away')
      : warning(
          'memory of Redis',
          `maxmemory-policy is ${policy ?? 'not told'}, so a full Redis may throw jobs away`,
          'redis-cli config set maxmemory-policy noeviction, and the same in redis.conf',
        ),
    ok('persistence of Redis', `${kept}; the record is in PostgreSQL, so an emptied queue is built anew`),
  ]
}

const reasonOf = (error: unknown): string => {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || 'without a reason'
}
