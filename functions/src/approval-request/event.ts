// An ApprovalRequest as it comes over the wire.
import { z } from "zod";
import type { ApprovalRequest } from "#shared/approval/types.ts";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const minutes = z.number().positive();
const group = z.strictObject({
  quorum: z.int().min(1),
  channels: z.array(z.enum(["slack", "email", "console"])),
  slack: z.string().exactOptional(),
  email: z.string().exactOptional(),
  timeoutMinutes: minutes,
  escalation: z.strictObject({ afterMinutes: minutes, to: z.string() }).exactOptional(),
});

const request = z.strictObject({
  /** Lower case letters and digits: it is part of keys, names of executions and addresses. */
  id: z.string().regex(/^[0-9a-z]{26}$/),
  session: z.string(),
  target: z.string(),
  requester: z.looseObject({
    kind: z.enum(["person", "workload", "agent"]),
    name: z.string().min(1),
    issuer: z.string(),
    subject: z.string(),
    email: z.string().exactOptional(),
    actsFor: z.string().exactOptional(),
  }),
  digest: hex,
  facts: hex,
  mode: z.enum(["wait", "retry"]),
  rules: z.strictObject({
    needed: z.array(z.string()).min(1),
    groups: z.record(z.string(), group),
    onceMinutes: minutes,
    windowMinutes: z.number().min(0),
  }),
  what: z.string(),
  statement: z.string(),
  hasWhere: z.boolean().nullable(),
  classes: z.array(z.string()),
  estimatedRows: z.number().min(0).exactOptional(),
  purpose: z.string().exactOptional(),
  policies: z.array(z.string()),
  version: z.string(),
  createdAt: z.number(),
});

export const eventSchema = z.strictObject({ request }) as unknown as z.ZodType<{ readonly request: ApprovalRequest }>;
