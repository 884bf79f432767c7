/** Whether one round is enough, to see that the benchmarks run: then what they stand on is small too. */
export const isBrief = process.env.BENCH_ROUNDS === '1'

/** No more rounds than `BENCH_ROUNDS` says. */
export const roundsOr = (usual: number): number => Math.min(usual, Number(process.env.BENCH_ROUNDS || usual))

/** The database's settings: where one round is enough, nobody waits for the disk. */
export const BENCH_SERVER: { readonly settings?: Readonly<Record<string, string>> } = isBrief
  ? { settings: { fsync: 'off' } }
  : {}
