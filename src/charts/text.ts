/** Text that fits: measured with the widths of the shipped font, because nothing else here knows them. */

/** Advance widths of U+0020…U+007E in thousandths of the font size, from the font's own table. */
const REGULAR =
  '318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838'
const BOLD =
  '348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 478 712 652 924 645 652 582 712 365 712 838'
const WIDTHS = [REGULAR, BOLD].map((table) => table.split(' ').map(Number))
/** Signs of our own texts; bold ones are no wider but for the middle dot. */
const SIGNS: Readonly<Record<string, number>> = { '−': 838, '·': 380, '–': 500, '…': 1000, '±': 838, '≥': 838 }
/** Wider than all but a few rare letters: what is not known is given more room than it needs. */
const UNKNOWN = 1350

interface Face {
  readonly size: number
  readonly bold?: boolean
}

/** Width in px. */
export function textWidth(text: string, { size, bold = false }: Face): number {
  let thousandths = 0
  for (const letter of text) {
    thousandths += WIDTHS[bold ? 1 : 0]![letter.codePointAt(0)! - 32] ?? SIGNS[letter] ?? UNKNOWN
  }
  return (thousandths * size) / 1000
}

/** The text on one line and at most so wide, its end left out if need be. */
export function fitText(text: string, { width, ...face }: Face & { readonly width: number }): string {
  if (textWidth(text, face) <= width) return text
  const letters = [...text]
  let left = width - textWidth('…', face)
  let kept = 0
  while (kept < letters.length) {
    left -= textWidth(letters[kept]!, face)
    if (left < 0) break
    kept++
  }
  return `${letters.slice(0, kept).join('').trimEnd()}…`
}

/** The text over at most `lines` lines, broken between words; what does not fit is left out and says so with an ellipsis. */
export function wrapText(
  text: string,
  { width, lines, ...face }: Face & { readonly width: number; readonly lines: number },
): readonly string[] {
  const out: string[] = []
  let rest = printable(text).trim()
  while (rest !== '' && out.length < lines) {
    if (out.length === lines - 1) {
      out.push(fitText(rest, { ...face, width }))
      break
    }
    const words = rest.split(' ')
    let taken = 1
    while (taken < words.length && textWidth(words.slice(0, taken + 1).join(' '), face) <= width) taken++
    const line = words.slice(0, taken).join(' ')
    out.push(fitText(line, { ...face, width }))
    rest = words.slice(taken).join(' ')
  }
  return out
}

/**
 * Control characters end an SVG document, and signs that turn the direction of writing let a name rewrite what stands
 * beside it: neither is drawn.
 */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, '')
