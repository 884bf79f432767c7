import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatQuietHours, parseQuietHours, timeZones, toTimeZone } from '../src/domain/local-time.ts'
import { DIGESTS, LANGUAGES, type Preferences } from '../src/domain/preferences.ts'

const timeZone = z
  .string()
  .refine((name) => toTimeZone(name.trim()) !== undefined, 'Expected an IANA time zone such as Europe/Berlin, or UTC')
  .transform((name) => toTimeZone(name.trim())!)
const quietHours = z
  .string()
  .transform((text) => (text.trim().toLowerCase() === 'off' ? 'off' : parseQuietHours(text)))
  .refine((read) => read !== undefined, 'Expected local times such as 22:00-07:00, or off')
const language = z.enum(LANGUAGES, `Expected ${LANGUAGES.join(' or ')}: the desk speaks no other language yet`)

/** `/settings`: how the asker is told; without options it shows. */
export default command({
  name: 'settings',
  description: 'How you are told: time zone, units, quiet hours, digest, theme, language',
  role: 'viewer',
  options: z.object({
    timezone: timeZone.optional().describe('Where you are: Europe/Berlin'),
    units: z.enum(['usd', 'coins']).optional().describe('Which figure of a position is said first'),
    quiet: quietHours.optional().describe('No sound but for what is critical: 22:00-07:00, or off'),
    digest: z.enum(DIGESTS).optional().describe('Alerts below your own threshold, told together'),
    theme: z.enum(['platform', 'light', 'dark']).optional().describe('Look of pictures'),
    language: language.optional().describe('Language of the chat'),
  }),
  complete: {
    timezone: async () => timeZones().map((value) => ({ value })),
    quiet: async () => ['22:00-07:00', '23:00-08:00', '20:00-06:00', 'off'].map((value) => ({ value })),
  },

  async run({ options, actor }, app) {
    const { timezone, units, quiet, digest, theme, language } = options
    const change: Partial<Preferences> = {
      ...(timezone && { timeZone: timezone }),
      ...(units && { units }),
      ...(quiet && { quietHours: quiet === 'off' ? undefined : quiet }),
      ...(digest && { digest }),
      ...(theme && { theme }),
      ...(language && { language }),
    }
    const now = await app.changePreferences({ memberId: actor.memberId, change })
    const changed = Object.keys(change).length > 0
    return {
      tone: changed ? 'ok' : 'info',
      title: changed ? 'Your settings from now on' : 'Your settings',
      fields: [
        { name: 'timezone', value: now.timeZone },
        { name: 'units', value: now.units },
        { name: 'quiet', value: now.quietHours ? formatQuietHours(now.quietHours) : 'off' },
        { name: 'digest', value: now.digest },
        { name: 'theme', value: now.theme },
        { name: 'language', value: now.language },
      ],
      footer: changed ? 'Quiet hours are by your own clock.' : 'To change one: /settings timezone=Europe/Berlin',
      ephemeral: true,
    }
  },
})
