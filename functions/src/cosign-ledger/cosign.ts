// Submits the newest head of the ledger to its witnesses, whenever it is called. It reads the ledger and cannot write it; the function that signs reaches nobody.
import { z } from "zod";
import { type CosignParts, type CosignReport, cosignHead, sayRefused } from "#shared/evidence/cosign.ts";
import { type Invoke, lambda, once } from "../middleware.ts";

/** Words that alarms count. */
const SHORT = "short of its quorum of witnesses";
const DISPUTED = "disputed by a witness";

export function cosignLedger(prepare: () => Promise<CosignParts>): Invoke<CosignReport> {
  const ready = once(prepare);
  return lambda("cosign-ledger", z.object({}), async () => {
    const report = await cosignHead(await ready());
    const { head, cosigned, refused } = report;
    const why = Object.values(refused);
    const what = [
      // However many others cosign it: somebody has been shown another ledger.
      ...(why.includes("conflict") || why.includes("larger") ? [`the head is ${DISPUTED}`] : []),
      ...(cosigned < head ? [`the head is ${SHORT}`] : []),
    ];
    if (what.length === 0 && why.length > 0) what.push("not all witnesses cosigned the head");
    if (what.length > 0)
      console.warn(
        JSON.stringify({
          level: "warn",
          function: "cosign-ledger",
          what: what.join("; "),
          head,
          cosigned,
          witnesses: sayRefused(refused),
        }),
      );
    return report;
  });
}
