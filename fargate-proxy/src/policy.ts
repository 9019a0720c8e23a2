// The policy that this gateway decides by: one bundle at a time, changed as a whole.
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { asDeployed } from "#shared/policy/push/deployed.ts";
import { MOST_POLICY_TEXT, type PolicyFiles, type Push } from "#shared/policy/push/types.ts";
import type { Target } from "#shared/target.ts";
import { localDecisions } from "./adapters/local-decisions.ts";
import { loadPolicyFiles } from "./adapters/policy-folder.ts";
import type { PushedPolicy } from "./adapters/policy-watch.ts";
import { CachedDecisions } from "./gate/decision-cache.ts";

export class Policy {
  #bundle: LoadedBundle;
  #decisions: CachedDecisions;

  constructor(bundle: LoadedBundle) {
    this.#bundle = bundle;
    this.#decisions = new CachedDecisions(localDecisions(bundle));
  }

  get bundle(): LoadedBundle {
    return this.#bundle;
  }

  get decisions(): CachedDecisions {
    return this.#decisions;
  }

  use(bundle: LoadedBundle): void {
    this.#bundle = bundle;
    this.#decisions = new CachedDecisions(localDecisions(bundle));
  }
}

/** Makes bundles of pushes. @param deployed targets as this deployment reaches them */
export function loadingFor(deployed: ReadonlyMap<string, Target>) {
  return (push: Push) => {
    const bundle = loadPolicyFiles(push.files);
    return "problems" in bundle ? bundle : asDeployed(bundle, deployed);
  };
}

/** Names the version, and keeps what it says: whoever has the evidence can tell what was decided by, and decide so again. */
export function policyEvent(
  { version, files }: LoadedBundle,
  previous: string | null,
  pushed: PushedPolicy | null,
): EvidenceEvent {
  const event = { type: "policy.in_force", version, previous, ...(fits(files) ? { files } : {}) } as const;
  if (pushed === null) return event;
  // The version that it replaces need not be the one that ran here.
  const { push: id, version: _, ...more } = pushed.inForce;
  return { ...event, push: { id, ...more } };
}

function fits(files: PolicyFiles): boolean {
  return Object.values(files).reduce((sum, text) => sum + text.length, 0) <= MOST_POLICY_TEXT;
}
