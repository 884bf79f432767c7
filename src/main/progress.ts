import cliProgress from 'cli-progress'

export interface Progress {
  say(share: number, text: string): void
  stop(): void
}

/** A bar on a terminal, else a line whenever something else begins. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const bar = stream.isTTY
    ? new cliProgress.SingleBar(
        { format: '{bar} {percentage} %  {text}', stream, hideCursor: true },
        cliProgress.Presets.shades_grey,
      )
    : undefined
  let isStarted = false
  let said = ''
  return {
    say(share, text) {
      if (bar && !isStarted) bar.start(1000, 0, { text })
      isStarted = true
      bar?.update(Math.round(share * 1000), { text })
      if (!bar && text !== said) stream.write(`${Math.round(share * 100)} % ${text}\n`)
      said = text
    },
    stop: () => bar?.stop(),
  }
}
