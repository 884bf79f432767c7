export function stampOf(lockText: string, machine?: string): string
export function isStamped(root: string): boolean
export function writeStamp(root: string): void
export function isInstalled(lockText: string, installedText: string | undefined): boolean
export function wasInstalledByHand(root: string): boolean
export function readLock(root: string): string
