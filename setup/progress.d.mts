export function showProgress(
  describe: (seconds: number) => string,
  stream?: { isTTY?: boolean; write(text: string): unknown },
): (last?: string) => void
