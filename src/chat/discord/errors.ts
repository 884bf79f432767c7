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
