// A DecisionRequest as it comes over the wire. Facts that analysis will know more of pass on whole.
import { z } from "zod";
import type { DecisionRequest } from "#shared/decision.ts";

const columnRef = { relation: z.string(), column: z.string() };
const flags = z.array(z.string());

const principal = z.looseObject({
  kind: z.enum(["person", "workload", "agent"]),
  name: z.string().min(1),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().exactOptional(),
  groups: flags,
  amr: flags,
  authTime: z.number().exactOptional(),
  actsFor: z.string().exactOptional(),
  expiresAt: z.number(),
  tokenId: z.string().exactOptional(),
});

const facts = z.looseObject({
  kind: z.string(),
  complete: z.boolean(),
  gaps: z.array(z.looseObject({ reason: z.string(), what: z.string() })),
  relations: z.array(
    z.looseObject({
      relation: z.string(),
      actions: z.array(z.enum(["read", "write", "delete", "define", "grant", "export", "execute"])),
      columns: flags,
      system: z.boolean(),
    }),
  ),
  influence: z.array(z.looseObject({ ...columnRef, use: z.string() })),
  functions: z.array(
    z.looseObject({ name: z.string(), standing: z.enum(["harmless", "analysed", "declared", "opaque"]) }),
  ),
  outputs: z
    .array(z.looseObject({ name: z.string(), sources: z.array(z.looseObject(columnRef)), direct: z.boolean() }))
    .nullable(),
  flows: z.array(z.looseObject({ into: z.looseObject(columnRef), from: z.array(z.looseObject(columnRef)) })),
  hasWhere: z.boolean(),
});

const shape = z.strictObject({
  principal,
  target: z.string(),
  question: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("connect") }),
    z.strictObject({ type: z.literal("command"), facts: z.array(facts) }),
  ]),
  purpose: z.string().exactOptional(),
  outOfStep: flags.exactOptional(),
  source: z.string(),
  time: z.number(),
});

/** Holds the wire to the shape that decisions rely on. */
export const requestSchema = shape as unknown as z.ZodType<DecisionRequest>;
