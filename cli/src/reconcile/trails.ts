// Records of CloudTrail: the objects that a trail writes to its bucket, or what `aws cloudtrail lookup-events` prints.
import type { TrailAccount } from "#shared/reconcile/cloudtrail.ts";
import { Problem } from "../problem.ts";
import { filesOf, piecesOf, valuesOf } from "./files.ts";

/** @throws Problem also when there is nothing to find: no record, or nothing that they are looked at for */
export async function readTrails(named: readonly string[], account: TrailAccount): Promise<void> {
  if (named.length > 0 && !account.watches)
    throw new Problem(
      "there is nothing that only the gateway should touch",
      2,
      "Name it: --secret, --key, --bucket, --table.",
    );
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
  if (named.length > 0 && account.totals.records === 0)
    throw new Problem(`there is no record of CloudTrail in ${named.join(", ")}`, 2);
}
