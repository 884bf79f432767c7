export function entryFor(words: readonly string[]): [file: string, ...args: string[]]
