/**
 * ms from asking for `/hedge status` with its picture to the message that shows it, the first picture after the warm-up at start,
 * beside the renderer alone on the same drawing. Apart: from the answer being due to the picture drawn.
 *
 * @module
 */
import { createDrawing } from '../src/charts/drawing.ts'
import { chartOptions, PICTURE_SIZE } from '../src/charts/options.ts'
import { renderSvg } from '../src/charts/render.ts'
import type { DrawPicture } from '../src/chat/pictures.ts'
import { later, MINUTE } from '../src/domain/units.ts'
import type { VirtualClock } from '../src/ports.ts'
import { type Bench, compare, percentile } from './bench.ts'
import { withChatDesk } from './chat-load.ts'
import { bareRender } from './limits/first-picture.ts'
import { roundsOr } from './rounds.ts'
import { closing } from './temporary.ts'

const ROUNDS = 9

interface Shown {
  readonly picture: Parameters<DrawPicture>[0]
  readonly look: Parameters<DrawPicture>[1]
}
const svgOf = ({ picture, look }: Shown): string => renderSvg(chartOptions(picture, look), PICTURE_SIZE)

const firstPicture: Bench = {
  name: 'first-picture',
  async run() {
    const [ours, drawn, limits]: [number[], number[], number[]] = [[], [], []]
    let drawing = createDrawing()
    let shown: Shown | undefined
    const draw: DrawPicture = async (picture, look) => {
      const started = performance.now()
      const png = await drawing.draw(picture, look)
      drawn.push(performance.now() - started)
      shown = { picture, look }
      return png
    }
    return withChatDesk({ people: 1, draw }, ({ desk, servers, people }) =>
      closing(
        () => drawing.close(),
        async () => {
          const clock = desk.clock as VirtualClock
          for (let round = 0; round < roundsOr(ROUNDS); round++) {
            // A thread of its own, as in a process that has just started; and a picture that nobody has drawn yet.
            await drawing.close()
            drawing = createDrawing()
            await drawing.warmUp()
            clock.advanceTo(later(clock.now(), MINUTE))
            const { ms } = await servers.ask({ platform: 'discord', server: 'product', people, picture: 'yes' })
            ours.push(...ms)
            limits.push(bareRender(svgOf(shown!)))
          }
          return compare({ unit: 'ms', ours, limits, apart: { drawing: percentile(drawn, 0.5) } })
        },
      ),
    )
  },
}
export default firstPicture
