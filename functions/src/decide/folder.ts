import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LoadedBundle, loadBundle } from "#shared/policy/bundle.ts";
import { BundleRefused } from "#shared/policy/problems.ts";

/** Reads and checks the policy bundle in a folder. @throws BundleRefused with every problem; or the file system's error */
export async function loadFolder(folder: string): Promise<LoadedBundle> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
  const bundle = loadBundle(new Map(await Promise.all(texts)), (text) => hash("sha256", text, "hex"));
  if ("problems" in bundle) throw new BundleRefused(bundle.problems);
  return bundle;
}
