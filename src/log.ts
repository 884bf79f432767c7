import { pino } from 'pino'

export type { Logger } from 'pino'

/** Structured logs on stderr; stdout belongs to answers. Anything that looks like a secret is replaced before it is written. */
export const createLog = (level: string) =>
  pino(
    {
      level,
      redact: {
        paths: [
          'token',
          '*.token',
          'secret',
          '*.secret',
          'password',
          '*.password',
          'apiKey',
          '*.apiKey',
          'passphrase',
          '*.passphrase',
          'privateKey',
          '*.privateKey',
          'connectionString',
          '*.connectionString',
        ],
        censor: '[redacted]',
      },
    },
    pino.destination({ fd: 2, sync: true }),
  )
