// What inspectors share: a bound in time, and no trust in what comes back.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Inspected, NotInspected } from "#shared/masking/inspection.ts";
import type { InspectorPort } from "../ports/inspector.ts";

const answerSchema = z.array(
  z.union([
    z.strictObject({
      found: z.array(
        z.strictObject({ start: z.int().min(0), end: z.int().min(1), type: z.string().regex(/^[A-Z_]{1,20}$/) }),
      ),
    }),
    z.strictObject({ failed: z.enum(["time-out", "unavailable", "throttled", "refused", "malformed"]) }),
  ]),
);

/** Of the time there is, the part that the function may use: it says what it has, before nobody listens any more. */
const FOR_THE_FUNCTION = 0.8;

/** @param call calls the function `detect-phi` with its event */
export function inspector(
  call: (event: object, signal: AbortSignal) => Promise<unknown>,
  timeoutMillis: number,
): InspectorPort {
  return {
    async inspect(texts) {
      const over = new AbortController();
      const late = sleep(timeoutMillis, "time-out" as const, { signal: over.signal, ref: false });
      late.catch(() => {});
      const event = { texts, millis: Math.max(1, Math.floor(timeoutMillis * FOR_THE_FUNCTION)) };
      const answer = call(event, over.signal).catch(reasonOf);
      const said = await Promise.race([answer, late]);
      over.abort();
      const failed = (why: NotInspected): Inspected[] => texts.map(() => ({ failed: why }));
      if (said === "time-out" || said === "throttled" || said === "unavailable") return failed(said);
      const { data } = answerSchema.safeParse(said);
      return data !== undefined && data.length === texts.length ? data : failed("malformed");
    },
  };
}

function reasonOf(error: { readonly name?: string }): NotInspected {
  return error.name === "TooManyRequestsException" ? "throttled" : "unavailable";
}
