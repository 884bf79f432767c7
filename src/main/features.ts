import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { featureCatalogue, formatCatalogue } from '../../models/feature-catalogue.ts'

const PAGE = fileURLToPath(new URL('../../models/FEATURES.md', import.meta.url))

/** `features`: prints the catalogue of what the models see and writes it to models/FEATURES.md. */
export async function runFeatures({ json = false }: { json?: boolean }): Promise<void> {
  const page = formatCatalogue()
  await writeFile(PAGE, page)
  process.stdout.write(json ? `${JSON.stringify(featureCatalogue())}\n` : page)
}
