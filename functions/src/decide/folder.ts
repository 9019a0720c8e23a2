import { hash } from "node:crypto";
import { type LoadedBundle, loadBundle } from "#shared/policy/bundle.ts";
import { BundleRefused } from "#shared/policy/problems.ts";
import { readPolicyFiles } from "../adapters/policy-place.ts";

/** Reads and checks the policy bundle in a folder. @throws BundleRefused with every problem; or the file system's error */
export async function loadFolder(folder: string): Promise<LoadedBundle> {
  const files = await readPolicyFiles(folder);
  const bundle = loadBundle(new Map(Object.entries(files)), (text) => hash("sha256", text, "hex"));
  if ("problems" in bundle) throw new BundleRefused(bundle.problems);
  return bundle;
}
