const ALLOWED = /^[A-Za-z0-9-]+$/
const INTEGER = /^-?\d+$/
const MAX_LENGTH = 200

/**
 * Refuses a job id that a backend would refuse or misread, before it leaves the process.
 *
 * BullMQ keeps integers for itself and separates its keys with ":"; everything else that is not a letter, a digit or "-"
 * is refused so that an id also survives a log line, a URL and a shell.
 *
 * @throws {RangeError} with the id and what would be right
 */
export function checkJobId(jobId: string): void {
  const problem = jobId.includes(':')
    ? 'has ":" in it'
    : INTEGER.test(jobId)
      ? 'is an integer'
      : jobId.length > MAX_LENGTH
        ? `has ${jobId.length} characters, more than ${MAX_LENGTH}`
        : ALLOWED.test(jobId)
          ? undefined
          : 'is empty or has other characters'
  if (problem) {
    throw new RangeError(
      `Expected a job id of letters, digits and "-" that is no integer, e.g. execute-7K3M9QX2TB-1, was "${jobId}", which ${problem}`,
    )
  }
}
