// The policy in force, for functions: what was pushed last, or else what was deployed with the function.
import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onChannels } from "#shared/approval/rules.ts";
import type { Channel } from "#shared/approval/types.ts";
import { type Approvals, readApprovals } from "#shared/policy/approvals-file.ts";
import type { BrokenBundle, LoadedBundle } from "#shared/policy/bundle.ts";
import type { PolicyStore } from "#shared/policy/push/store.ts";
import type { InForce, PolicyFiles } from "#shared/policy/push/types.ts";

export interface CurrentPolicy {
  readonly files: PolicyFiles;
  /** Null while nothing was pushed. */
  readonly push: InForce | null;
}

export interface PolicyPlace {
  inForce(): Promise<CurrentPolicy>;
  /** Of the policy in force, with channels that exist here alone; null when it has no approvals.yaml that can be used. */
  approvals(): Promise<Approvals | null>;
  load(files: PolicyFiles): Promise<LoadedBundle | BrokenBundle>;
}

/** @param exist channels by which people can be asked here; all when left out */
export function policyPlace(store: PolicyStore, folder: string, exist?: readonly Channel[]): PolicyPlace {
  const inForce = () => currentPolicy(store, folder);
  return {
    inForce,
    async approvals() {
      const text = (await inForce()).files["approvals.yaml"];
      const approvals = text === undefined ? null : readApprovals(text).value;
      if (approvals === null || exist === undefined) return approvals;
      return { ...approvals, groups: onChannels(approvals.groups, exist) };
    },
    async load(files) {
      // Policies are parsed by a program of a megabyte and more: who answers a request does not wait for it.
      const { loadBundle } = await import("#shared/policy/bundle.ts");
      return loadBundle(new Map(Object.entries(files)), (text) => hash("sha256", text, "hex"));
    },
  };
}

/** @throws when the version in force cannot be read: another is not put in its place */
export async function currentPolicy(store: PolicyStore, folder: string): Promise<CurrentPolicy> {
  const push = await store.policyInForce();
  if (push === null) return { files: await readPolicyFiles(folder), push };
  const found = await store.getPush(push.push);
  if (found === null) throw new Error("the policy in force is not there");
  return { files: found.files, push };
}

/** What may belong to a bundle. @throws the file system's error */
export async function readPolicyFiles(folder: string): Promise<PolicyFiles> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && /\.(cedar|ya?ml)$/.test(entry.name))
    .map(({ name }) => name);
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
}
