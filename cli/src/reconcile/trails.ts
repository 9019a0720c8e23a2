// Records of CloudTrail: the objects that a trail writes to its bucket, or what `aws cloudtrail lookup-events` prints.
import type { TrailAccount } from "#shared/reconcile/cloudtrail.ts";
import { Problem } from "../problem.ts";
import { filesOf, piecesOf, valuesOf } from "./files.ts";

export async function readTrails(named: readonly string[], account: TrailAccount): Promise<void> {
  for await (const file of filesOf(named)) {
    // Digest files lie beside the logs, and say nothing of what was done.
    for await (const { value } of valuesOf(file, piecesOf(file), ["$.Records.*", "$.Events.*"])) {
      const told = (value as { readonly CloudTrailEvent?: unknown } | null)?.CloudTrailEvent;
      try {
        account.add(typeof told === "string" ? JSON.parse(told) : value);
      } catch {
        throw new Problem(`${file} has something that is not a record of CloudTrail`, 2);
      }
    }
  }
}
