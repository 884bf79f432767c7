import { directUserOf } from '../../domain/delivery.ts'
import type { Member } from '../../domain/member.ts'
import type { IssuedButton, Store } from '../../ports.ts'
import type { Incoming } from '../command.ts'

export type Press = Extract<Incoming['input'], { kind: 'press' }>

export type JudgedPress =
  | { readonly kind: 'valid'; readonly button: IssuedButton }
  /** Guessed, forged, or forgotten after a month. */
  | { readonly kind: 'unknown' }
  /** Sent from another place than the one where the button stands. */
  | { readonly kind: 'misplaced'; readonly button: IssuedButton }
  | { readonly kind: 'of-another'; readonly button: IssuedButton }

const BUTTON_ID = /^[0-9a-z]{8,64}$/i

/** Whether a press is of a button that was given to this person in this place. Says nothing of rights: the command has those. */
export async function judgePress(
  store: Pick<Store, 'buttons'>,
  press: Press,
  { incoming, actor }: { incoming: Incoming; actor: Member },
): Promise<JudgedPress> {
  const button = BUTTON_ID.test(press.buttonId) ? await store.buttons.find(press.buttonId) : undefined
  if (!button) return { kind: 'unknown' }
  if (!standsHere(button, incoming)) return { kind: 'misplaced', button }
  if (button.memberId !== undefined && button.memberId !== actor.memberId) return { kind: 'of-another', button }
  return { kind: 'valid', button }
}

/** A private chat is known to us by its person, to Discord by an id of its own. */
function standsHere(button: IssuedButton, incoming: Incoming): boolean {
  if (button.platform !== incoming.platform) return false
  if (button.channel === incoming.channel) return true
  return incoming.direct && directUserOf(button.channel) === incoming.platformUserId
}
