// The policy bundle of a local home: a folder, with targets placed where this deployment has them.

import { hash } from "node:crypto";
import { readPolicyFiles } from "#functions/adapters/policy-place.ts";
import { type BrokenBundle, type LoadedBundle, loadBundle } from "#shared/policy/bundle.ts";
import { BundleRefused } from "#shared/policy/problems.ts";
import type { PolicyFiles } from "#shared/policy/push/types.ts";
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
  const bundle = loadPolicyFiles(await readPolicyFiles(folder));
  if ("problems" in bundle) throw new BundleRefused(bundle.problems);
  for (const name of Object.keys(placements))
    if (!bundle.targets.has(name))
      throw new Error(`the configuration places a target "${name}" that the policy has not`);
  const targets = new Map([...bundle.targets].map(([name, target]) => [name, placed(target, placements[name])]));
  return { ...bundle, targets };
}

export function loadPolicyFiles(files: PolicyFiles): LoadedBundle | BrokenBundle {
  return loadBundle(new Map(Object.entries(files)), (text) => hash("sha256", text, "hex"));
}

/** The texts of a bundle in a folder, whether they are right or not. @throws the file system's error */
export function policyFilesIn(folder: string): Promise<PolicyFiles> {
  return readPolicyFiles(folder);
}
