// approvals.yaml: who may agree to what policy holds, and how. Read and checked with the bundle.
import { z } from "zod";
import { type Read, readYaml } from "./yaml.ts";

const minutes = z.int().min(1);
const fileSchema = z.strictObject({
  groups: z.record(
    z.string(),
    z.strictObject({
      /** Distinct people of the group who must agree; the requester never counts, nobody counts twice. */
      quorum: z.int().min(1),
      channels: z.array(z.enum(["slack", "email", "console"])).min(1),
      /** After so many minutes without an answer the request is refused. */
      timeoutMinutes: minutes,
      escalation: z.strictObject({ afterMinutes: minutes, to: z.string() }).optional(),
    }),
  ),
  grants: z.strictObject({
    /** This exact command, one time. */
    once: z.strictObject({ validMinutes: minutes }),
    /** Commands with the same facts, for so long. */
    window: z.strictObject({ maxMinutes: minutes }).optional(),
  }),
  breakGlass: z
    .strictObject({
      groups: z.array(z.string()).min(1),
      maxMinutes: minutes,
      /** The review that must follow. */
      review: z.strictObject({ groups: z.array(z.string()).min(1), withinHours: z.int().min(1) }),
    })
    .optional(),
});

export type Approvals = z.infer<typeof fileSchema>;

export function readApprovals(text: string): Read<Approvals> {
  return readYaml("approvals.yaml", text, fileSchema, (approvals, say, problems) => {
    for (const [name, { escalation, timeoutMinutes }] of Object.entries(approvals.groups)) {
      if (escalation === undefined) continue;
      const path = ["groups", name, "escalation"];
      if (approvals.groups[escalation.to] === undefined)
        problems.push(say([...path, "to"], `unknown group "${escalation.to}"`));
      if (escalation.afterMinutes >= timeoutMinutes)
        problems.push(say([...path, "afterMinutes"], "escalation comes after the request has timed out"));
    }
    return approvals;
  });
}
