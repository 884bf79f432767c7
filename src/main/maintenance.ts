import { loadConfig } from '../config.ts'
import { timestamp } from '../domain/units.ts'
import { createLog } from '../log.ts'
import { migrate } from '../store/migrate.ts'
import { createStore, type PostgresStore } from '../store/store.ts'
import { openDatabase } from './database.ts'
import { report } from './terminal.ts'

interface DatabaseOptions {
  readonly database: string
  readonly json?: boolean
}

/** Opens the record of an earlier run for one piece of work; the embedded server is left as it was found. */
export async function withStore<T>(options: DatabaseOptions, work: (store: PostgresStore) => Promise<T>): Promise<T> {
  const config = loadConfig()
  const log = createLog('warn')
  const database = await openDatabase(config, {
    name: options.database,
    fresh: false,
    mustExist: true,
    log,
    onProgress: report,
  })
  try {
    const store = await createStore({ connectionString: database.connectionString, log })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  } finally {
    report('')
    await database.close()
  }
}

/** `audit verify`: exit code 1 when a row is broken. */
export async function runAuditVerify(options: DatabaseOptions): Promise<void> {
  const verdict = await withStore(options, (store) => store.audit.verify())
  if (verdict.kind === 'broken') process.exitCode = 1
  if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  else if (verdict.kind === 'intact')
    process.stdout.write(`${verdict.rows} rows, chain intact, last hash ${verdict.lastHash}\n`)
  else process.stdout.write(`Broken at row ${verdict.brokenAt} of ${verdict.rows}: ${verdict.why}\n`)
}

export async function runMigrate(options: DatabaseOptions): Promise<void> {
  const config = loadConfig()
  const log = createLog('warn')
  const database = await openDatabase(config, { name: options.database, fresh: false, log, onProgress: report })
  try {
    const result = await migrate(database.connectionString)
    report('')
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : 'The schema is up to date.\n')
  } finally {
    await database.close()
  }
}

export async function runExport(options: DatabaseOptions & { out: string }): Promise<void> {
  const { exportPanel } = await import('../venues/replay/export.ts')
  const result = await withStore(options, async (store) => {
    const assets = [...new Set((await store.observations.declaredFeeds()).map((feed) => feed.asset))]
    if (assets.length === 0)
      throw new Error(
        `Expected recorded observations in the database ${options.database}, was empty: name the one of your run with --database`,
      )
    return exportPanel({ ticks: store.observations.since(timestamp(0)), folder: options.out, assets })
  })
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else for (const file of result.files) process.stdout.write(`${file}\n`)
}
