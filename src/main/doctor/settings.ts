import { VARIABLES } from '../../config/variables.ts'
import type { ConfigReading } from '../../config.ts'
import { type Check, checksOf } from './check.ts'

const { ok, warning, missing, wrong } = checksOf('Settings')

/** Every mistake in `.env`, a line each. */
export function checkSettings({ mistakes, given, envFile }: ConfigReading): readonly Check[] {
  const named = [...given].filter((name) => name in VARIABLES).length
  return [
    envFile === 'read'
      ? ok('.env', 'read')
      : named > 0
        ? ok(
            '.env',
            `there is none here; ${named} ${named === 1 ? 'variable comes' : 'variables come'} from the environment`,
          )
        : warning('.env', 'there is none here, so everything stands at its default', 'cp .env.example .env'),
    ...mistakes.map(({ variable, message }) =>
      given.has(variable)
        ? wrong(variable, message, `correct ${variable} in .env`)
        : missing(variable, message, `fill in ${variable} in .env`),
    ),
    ...(mistakes.length === 0 ? [ok('variables', 'every value is of its kind and none contradicts another')] : []),
  ]
}
