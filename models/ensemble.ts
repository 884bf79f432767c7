import { isFittedNetwork, scoreNetworks } from './fitted-network.ts'
import type { Hidden } from './hiding.ts'
import type { Contribution, Explanation, FittedModel, StoredModel } from './rung.ts'
import type { Sample } from './samples.ts'
import type { TargetKey } from './targets.ts'

/**
 * Several fitted members of one rung that answer as one: with the mean logit of an event, the mean of a value.
 *
 * Networks of one normaliser, as fits of one training set with several seeds are, share each batch that is built.
 *
 * @throws {RangeError} when there are no members or they are of several rungs
 */
export function createEnsemble(members: readonly FittedModel[]): FittedModel {
  const [first] = members
  if (!first) throw new RangeError('Expected members of an ensemble, were none')
  const other = members.find(({ rung }) => rung !== first.rung)
  if (other) throw new RangeError(`Expected members of one rung, were ${first.rung} and ${other.rung}`)
  const foreign = first.foreign
  return {
    rung: first.rung,
    architecture: members.length === 1 ? first.architecture : `mean of ${members.length}: ${first.architecture}`,
    scores: (samples, hide, only) => meanOf(scoresOf(members, samples, { hide, only })),
    explain: (sample, key) => meanExplanation(members.map((member) => member.explain(sample, key))),
    ...(foreign && { foreign: (sample: Sample) => foreign.call(first, sample) }),
    store: () => joined(members.map((member) => member.store())),
    dispose() {
      for (const member of members) member.dispose()
    },
  }
}

function scoresOf(
  members: readonly FittedModel[],
  samples: readonly Sample[],
  {
    hide,
    only,
  }: { readonly hide?: (() => Hidden | undefined) | undefined; readonly only?: readonly TargetKey[] | undefined },
): readonly Float32Array[] {
  // Drawn once, so that every member has to do without the same.
  const hidden = hide ? samples.map(() => hide()) : undefined
  const replay = (): (() => Hidden | undefined) | undefined => {
    let next = 0
    return hidden && (() => hidden[next++])
  }
  const networks = members.filter(isFittedNetwork).map(({ parts }) => parts)
  const oneInput =
    networks.length === members.length &&
    new Set(networks.map(({ normaliser }) => JSON.stringify(normaliser))).size === 1
  if (oneInput) return scoreNetworks(networks, samples, replay())
  return members.map((member) => member.scores(samples, replay(), only))
}

/** Of the members that answer; NaN where none does. */
function meanOf(scores: readonly Float32Array[]): Float32Array {
  return Float32Array.from(scores[0]!, (_, k) => {
    let [sum, answers] = [0, 0]
    for (const own of scores) {
      if (Number.isNaN(own[k]!)) continue
      sum += own[k]!
      answers++
    }
    return answers > 0 ? sum / answers : Number.NaN
  })
}

/** Means of what adds up add up. */
function meanExplanation(all: readonly Explanation[]): Explanation {
  const share = 1 / all.length
  const sums = new Map<string, Contribution>()
  for (const { contributions } of all) {
    for (const entry of contributions) {
      const before = sums.get(entry.feature)?.contribution ?? 0
      sums.set(entry.feature, { ...entry, contribution: before + share * entry.contribution })
    }
  }
  const contributions = [...sums.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const mean = (of: (explanation: Explanation) => number): number =>
    all.reduce((sum, explanation) => sum + share * of(explanation), 0)
  return { ...all[0]!, base: mean(({ base }) => base), score: mean(({ score }) => score), contributions }
}

/** All members in one stored model: `splitEnsemble` takes it apart again. */
function joined(members: readonly StoredModel[]): StoredModel {
  return {
    rung: members[0]!.rung,
    settings: { ensemble: members.map(({ settings }) => settings) },
    arrays: Object.fromEntries(
      members.flatMap(({ arrays }, m) => Object.entries(arrays).map(([name, array]) => [`${m}/${name}`, array])),
    ),
  }
}

/** The members of a stored model, one where it is no ensemble: what a rung restores. */
export function splitEnsemble(stored: StoredModel): readonly StoredModel[] {
  const settings = stored.settings.ensemble as readonly StoredModel['settings'][] | undefined
  if (!settings) return [stored]
  return settings.map((own, m) => ({
    rung: stored.rung,
    settings: own,
    arrays: Object.fromEntries(
      Object.entries(stored.arrays)
        .filter(([name]) => name.startsWith(`${m}/`))
        .map(([name, array]) => [name.slice(`${m}/`.length), array]),
    ),
  }))
}
