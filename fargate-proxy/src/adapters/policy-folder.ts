// The policy bundle of a local home: a folder, with targets placed where this deployment has them.

import { loadFolder } from "#functions/decide/folder.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { type Placement, placed } from "#shared/policy/targets-file.ts";

/**
 * Reads the bundle in `folder`.
 * @param placements by target: where it is, when the bundle does not know
 * @throws BundleRefused with every problem by file and line; Error for the placement of a target that the bundle does not have
 */
export async function loadPolicyFolder(
  folder: string,
  placements: Readonly<Record<string, Placement>> = {},
): Promise<LoadedBundle> {
  const bundle = await loadFolder(folder);
  for (const name of Object.keys(placements))
    if (!bundle.targets.has(name))
      throw new Error(`the configuration places a target "${name}" that the policy has not`);
  const targets = new Map([...bundle.targets].map(([name, target]) => [name, placed(target, placements[name])]));
  return { ...bundle, targets };
}
