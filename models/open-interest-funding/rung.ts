import { linearRung } from '../linear-rung.ts'

/** What is quoted most: open interest against its last month, and funding. */
export const openInterestFundingRung = linearRung({
  name: 'open-interest-funding',
  title: 'open interest and funding',
  inputsOf: () => ['open-interest-z', 'funding'],
})
