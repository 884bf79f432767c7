import type { TimestampMs } from '../domain/units.ts'
import { modelInForce } from './model-in-force.ts'
import type { Ports } from './ports.ts'

/** What main knows of the process: nothing that would tell where it runs. */
export interface BuildFacts {
  readonly version: string
  /** Undefined where the source is no checkout. */
  readonly commit?: string | undefined
  /** `v24.1.0` */
  readonly node: string
  readonly startedAt: TimestampMs
  /** As the database says it: `17.2`. */
  databaseVersion(): Promise<string>
}

export interface VersionReport extends Omit<BuildFacts, 'databaseVersion'> {
  readonly database: string
  /** Undefined where none is loaded. */
  readonly modelId: string | undefined
}

/** Which build this is and what it stands on. */
export const createDescribeVersion =
  ({ forecaster }: Pick<Ports, 'forecaster'>, { databaseVersion, ...facts }: BuildFacts) =>
  async (): Promise<VersionReport> => ({
    ...facts,
    database: await databaseVersion(),
    modelId: (await modelInForce(forecaster))?.modelId,
  })
