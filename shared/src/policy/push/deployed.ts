// A pushed bundle at a deployment: how targets are reached is the deployment's to say, what is decided about them is the policy's. A push redirects nobody.
import type { Target } from "../../target.ts";
import type { LoadedBundle } from "../bundle.ts";

/** @param deployed targets as this deployment reaches them. @returns the bundle with those of them that it speaks of */
export function asDeployed(bundle: LoadedBundle, deployed: ReadonlyMap<string, Target>): LoadedBundle {
  const targets = new Map<string, Target>();
  for (const [name, target] of bundle.targets) {
    const here = deployed.get(name);
    if (here === undefined) continue;
    const { protocol, host, port, database, user, tls, credential } = here;
    targets.set(name, { ...target, protocol, host, port, database, user, tls, credential });
  }
  return { ...bundle, targets };
}
