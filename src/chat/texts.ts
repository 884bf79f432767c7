import type { Language } from '../domain/preferences.ts'
import { texts as en, type Texts } from './texts/en.ts'

export type { Texts } from './texts/en.ts'

const BY_LANGUAGE: Readonly<Record<Language, Texts>> = { en }

/** The chat's own words in a language. What a command answers is the command's. */
export const textsIn = (language: Language): Texts => BY_LANGUAGE[language]
