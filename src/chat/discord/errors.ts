import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, HTTPError, RESTJSONErrorCodes } from 'discord.js'

/** Discord's numeric reason, e.g. 10062; undefined for any other kind of failure. */
export const discordCode = (error: unknown): number | undefined =>
  error instanceof DiscordAPIError && typeof error.code === 'number' ? error.code : undefined

/** For logs: never the request, which may carry a token in its address. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof DiscordAPIError) return `${error.status} ${error.code}: ${error.message}`
  if (error instanceof HTTPError) return `HTTP ${error.status} ${error.message}`.trim()
  return error instanceof Error ? error.message || error.name : String(error)
}

export const NOT_FOR_TEXT = 'it is not a channel for text. An admin has to name another in DISCORD_CHANNEL_IDS.'
/** What no further try would help: what has to be done about it, by Discord's reason. */
const REMEDIES: Readonly<Record<number, string>> = {
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]:
    'this user does not take private messages from the bot. They have to unblock it, and allow direct messages in the privacy settings of a server that both are in.',
  [RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds]:
    'this user is in no server that the bot is in. They have to join one.',
  [RESTJSONErrorCodes.InvalidRecipients]: 'Discord knows no such user to write to. An admin has to correct the id.',
  [RESTJSONErrorCodes.UnknownUser]: 'Discord knows no such user. An admin has to correct the id.',
  [RESTJSONErrorCodes.UnknownChannel]:
    'there is no such channel any more. An admin has to correct or remove it in DISCORD_CHANNEL_IDS.',
  [RESTJSONErrorCodes.MissingAccess]:
    "the bot cannot see it. An admin of the server has to give the bot's role View Channel there.",
  [RESTJSONErrorCodes.MissingPermissions]:
    "the bot may not write there. An admin of the server has to give the bot's role Send Messages and Embed Links there.",
  [RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel]: NOT_FOR_TEXT,
  [RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType]: NOT_FOR_TEXT,
}

/** One sentence and its remedy where no further try helps until a person does something; undefined for anything else. */
export function refusalOf(error: unknown): string | undefined {
  const code = discordCode(error)
  return code === undefined ? undefined : REMEDIES[code]
}

export const isRefused = (error: unknown): boolean => refusalOf(error) !== undefined

export const isUnknownMessage = (error: unknown): boolean => discordCode(error) === RESTJSONErrorCodes.UnknownMessage

/** One sentence that says what is wrong with the connection to Discord and what to do about it. */
export function explainStart(error: unknown, apiRoot: string): Error {
  return new Error(`Discord ${sentence(error, apiRoot)}`, { cause: error })
}

function sentence(error: unknown, apiRoot: string): string {
  if (isTokenRefused(error)) {
    return 'refused the bot token; copy a fresh one from the Developer Portal (your application, Bot, Reset Token).'
  }
  switch (discordCode(error)) {
    case RESTJSONErrorCodes.MissingAccess:
    case RESTJSONErrorCodes.UnknownGuild:
      return 'does not let this bot add commands to that server; invite it there with the scopes bot and applications.commands, and check the server id.'
    case RESTJSONErrorCodes.UnknownApplication:
    case RESTJSONErrorCodes.NotAuthorizedToPerformThisActionOnThisApplication:
      return 'knows no such application for this token; copy the Application ID from the Developer Portal (your application, General Information).'
  }
  if (error instanceof DiscordAPIError || error instanceof HTTPError)
    return `answered with an error: ${reasonOf(error)}.`
  return `could not be reached at ${apiRoot}: ${reasonOf(error)}.`
}

function isTokenRefused(error: unknown): boolean {
  if (error instanceof DiscordAPIError || error instanceof HTTPError) return error.status === 401
  if (error instanceof DiscordjsError) return error.code === DiscordjsErrorCodes.TokenInvalid
  // The gateway refuses with close code 4004, which @discordjs/ws reports in these words only.
  return error instanceof Error && error.message === 'Authentication failed'
}
