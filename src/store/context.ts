import type { Db } from './pool.ts'
import type { Patience } from './retry.ts'

/** What every repository is built from: the pool, or one transaction of it. */
export interface StoreContext {
  readonly db: Db
  readonly inTransaction: boolean
  readonly patience: Patience
}

/** Runs `work` in the transaction it is already in, or in one of its own. */
export const atomically = <T>({ db, inTransaction }: StoreContext, work: (db: Db) => Promise<T>): Promise<T> =>
  inTransaction ? work(db) : db.transaction().execute(work)
