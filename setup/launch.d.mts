export function launch(node: string, entry: readonly string[], root: string): Promise<void>
/** Resolves to its exit code, or 128 and the number of the signal that ended it, as a shell has it. */
export function runAsChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number>
