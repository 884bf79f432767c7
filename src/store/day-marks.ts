import type { TimestampMs, Usd } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import type { Db } from './pool.ts'

export function createDayMarks({ db }: StoreContext): Store['dayMarks'] {
  return {
    async first(day, value) {
      const standing = await read(db, day)
      if (standing !== undefined) return standing
      await db
        .insertInto('day_marks')
        .values({ day_at: day, value_usd: value })
        .onConflict((oc) => oc.doNothing())
        .execute()
      return (await read(db, day))!
    },
  }
}

async function read(db: Db, day: TimestampMs): Promise<Usd | undefined> {
  const row = await db.selectFrom('day_marks').select('value_usd').where('day_at', '=', day).executeTakeFirst()
  return row?.value_usd as Usd | undefined
}
