/** A question could not be put or its answer not be read; nothing follows about what was asked. */
export class VenueUnreachableError extends Error {
  override readonly name = 'VenueUnreachableError'
}
