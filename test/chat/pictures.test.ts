import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawPicture } from '../../src/charts/draw.ts'
import { closeDrawing } from '../../src/charts/drawing.ts'
import { createPictures } from '../../src/chat/pictures.ts'
import type { Platform } from '../../src/domain/member.ts'
import { createLog } from '../../src/log.ts'
import { cardWith, createPixelDrawer, profilePicture } from './picture-samples.ts'

const log = createLog('silent')
const open = (platform: Platform) => {
  const draw = createPixelDrawer()
  return { pictures: createPictures({ platform, log, draw }), drawn: draw.drawn }
}
const TITLE = profilePicture().title

test('each platform has its own look, and a card may ask for another', async () => {
  for (const [platform, own, other] of [
    ['discord', 'dark', 'light'],
    ['telegram', 'light', 'dark'],
    ['console', 'light', 'dark'],
  ] as const) {
    const { pictures, drawn } = open(platform)
    await pictures.of(cardWith(profilePicture()))
    await pictures.of(cardWith(profilePicture(), { theme: other }))
    assert.deepEqual(drawn, [`${TITLE} ${own}`, `${TITLE} ${other}`])
  }
})

test('a picture is drawn once in each look, whoever asks for it, and each look is a picture of its own', async () => {
  const { pictures, drawn } = open('discord')
  const asked = [undefined, 'dark', 'light', 'light', undefined] as const
  const got = await Promise.all(asked.map((theme) => pictures.of(cardWith(profilePicture(), theme ? { theme } : {}))))
  assert.equal(drawn.length, 2)
  assert.equal(got[0], got[1])
  assert.equal(got[2], got[3])
  assert.notEqual(got[0]!.hash, got[2]!.hash)
})

test('left to themselves they are drawn by the charts', async (t) => {
  t.after(closeDrawing)
  const drawn = await createPictures({ platform: 'discord', log }).of(cardWith(profilePicture()))
  assert.ok(drawn!.png.equals(drawPicture(profilePicture(), { dark: true }).png))
  assert.equal(drawn!.fileName, 'liquidation-profile-eth.png')
})
