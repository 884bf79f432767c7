// biome-ignore lint/suspicious/noExplicitAny: replaced by the composed verbs
export type App = any
