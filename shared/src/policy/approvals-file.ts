// approvals.yaml: who may agree to what policy holds, and how. Read and checked with the bundle.
import { z } from "zod";
import { type Read, readYaml } from "./yaml.ts";

const minutes = z.int().min(1);
const days = z.int().min(1).max(366);
const mode = z.enum(["wait", "retry"]);
const fileSchema = z.strictObject({
  groups: z.record(
    z.string(),
    z.strictObject({
      /** Distinct people of the group who must agree; the requester never counts, nobody counts twice. */
      quorum: z.int().min(1),
      channels: z.array(z.enum(["slack", "email", "console"])).min(1),
      /** Slack's id of the conversation that is asked (`C024BE91L`): names can be given to another. */
      slack: z
        .string()
        .regex(/^[CG][A-Z0-9]{2,}$/, "expected the id of a Slack conversation, such as C024BE91L")
        .exactOptional(),
      /** The address that is asked. */
      email: z.email().exactOptional(),
      /** After so many minutes without an answer the request is refused. */
      timeoutMinutes: minutes,
      escalation: z.strictObject({ afterMinutes: minutes, to: z.string() }).exactOptional(),
    }),
  ),
  grants: z.strictObject({
    /** This exact command, one time. */
    once: z.strictObject({ validMinutes: minutes }),
    /** Commands with the same facts, for so long. */
    window: z.strictObject({ maxMinutes: minutes }).optional(),
  }),
  /** How a held command waits: in the client, or by an error and a later try of the same command. */
  waiting: z
    .strictObject({
      person: mode.default("wait"),
      workload: mode.default("retry"),
      agent: mode.default("retry"),
      /** Inside a transaction a command holds locks at the target while it waits: at most so long; 0 when it may not wait at all. */
      transactionSeconds: z.int().min(0).default(0),
    })
    .prefault({}),
  breakGlass: z
    .strictObject({
      groups: z.array(z.string()).min(1),
      maxMinutes: minutes,
      /** The review that must follow. */
      review: z.strictObject({ groups: z.array(z.string()).min(1), withinHours: z.int().min(1) }),
    })
    .optional(),
  /** Who opens what is sealed, or destroys its key: one person of these groups asks, another agrees, and it may be done for so long. */
  officers: z.strictObject({ groups: z.array(z.string()).min(1), validMinutes: minutes }).optional(),
  /** Who may propose another policy, and who has to agree to it (`postern policy push`). Without it none can be pushed. */
  policyChange: z
    .strictObject({ authors: z.array(z.string()).min(1), groups: z.array(z.string()).min(1) })
    .exactOptional(),
  /** Who looks at a sample of the sessions of each period, and attests it. */
  activityReview: z
    .strictObject({
      groups: z.array(z.string()).min(1),
      everyDays: days,
      /** So many sessions of all, and so many of those that stand out. */
      sample: z.int().min(1).max(100),
      withinDays: days,
    })
    .exactOptional(),
});

export type Approvals = z.infer<typeof fileSchema>;
export type Officers = NonNullable<Approvals["officers"]>;

export function readApprovals(text: string): Read<Approvals> {
  return readYaml("approvals.yaml", text, fileSchema, (approvals, say, problems) => {
    for (const [name, { escalation, timeoutMinutes, channels, slack, email }] of Object.entries(approvals.groups)) {
      if (channels.includes("slack") && slack === undefined)
        problems.push(say(["groups", name, "channels"], "slack: which conversation is asked? (slack: C...)"));
      if (channels.includes("email") && email === undefined)
        problems.push(say(["groups", name, "channels"], "email: which address is asked? (email: ...)"));
      if (escalation === undefined) continue;
      const path = ["groups", name, "escalation"];
      if (approvals.groups[escalation.to] === undefined)
        problems.push(say([...path, "to"], `unknown group "${escalation.to}"`));
      if (escalation.afterMinutes >= timeoutMinutes)
        problems.push(say([...path, "afterMinutes"], "escalation comes after the request has timed out"));
    }
    for (const [i, name] of (approvals.policyChange?.groups ?? []).entries())
      if (approvals.groups[name] === undefined)
        problems.push(say(["policyChange", "groups", i], `unknown group "${name}"`));
    for (const [i, name] of (approvals.activityReview?.groups ?? []).entries())
      if (approvals.groups[name] === undefined)
        problems.push(say(["activityReview", "groups", i], `unknown group "${name}"`));
    return approvals;
  });
}
