export function explainFailure(log: string): string
