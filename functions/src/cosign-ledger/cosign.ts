// Submits the newest head of the ledger to its witnesses, whenever it is called. It reads the ledger and cannot write it; the function that signs reaches nobody.
import { z } from "zod";
import { type CosignParts, type CosignReport, cosignHead, sayRefused } from "#shared/evidence/cosign.ts";
import { type Invoke, lambda, once } from "../middleware.ts";

/** Words that an alarm counts. */
const SHORT = "short of its quorum of witnesses";

export function cosignLedger(prepare: () => Promise<CosignParts>): Invoke<CosignReport> {
  const ready = once(prepare);
  return lambda("cosign-ledger", z.object({}), async () => {
    const report = await cosignHead(await ready());
    const { head, cosigned, refused } = report;
    const say = (what: string) =>
      console.warn(
        JSON.stringify({
          level: "warn",
          function: "cosign-ledger",
          what,
          head,
          cosigned,
          witnesses: sayRefused(refused),
        }),
      );
    if (cosigned < head) say(`the head is ${SHORT}`);
    else if (Object.keys(refused).length > 0) say("not all witnesses cosigned the head");
    return report;
  });
}
