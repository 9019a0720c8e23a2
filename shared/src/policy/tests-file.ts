// tests.yaml: identities to try a bundle with, and what is expected of statements.
import { z } from "zod";
import type { Principal } from "../identity.ts";
import { MASKS } from "./catalog-file.ts";
import { type Read, readYaml } from "./yaml.ts";

const identitySchema = z.strictObject({
  kind: z.enum(["person", "workload", "agent"]),
  groups: z.array(z.string()),
  actsFor: z.string().optional(),
});
const expectationSchema = z.strictObject({
  as: z.string(),
  target: z.string(),
  /** A statement; without it, the question is whether the identity may connect. */
  sql: z.string().optional(),
  purpose: z.string().optional(),
  expect: z.enum(["permit", "refuse", "hold"]),
  /** Policies that must be among those that made the decision; an empty list means that none may be (default deny). */
  policies: z.array(z.string()).optional(),
  /** Per output column: the mask it must have, or clear. */
  masks: z.record(z.string(), z.enum([...MASKS, "clear"])).optional(),
});
const fileSchema = z.strictObject({
  identities: z.record(z.string(), identitySchema),
  expectations: z.array(expectationSchema),
});

export interface Expectation extends z.infer<typeof expectationSchema> {
  readonly line: number;
}

export interface PolicyTests {
  readonly identities: ReadonlyMap<string, Principal>;
  readonly expectations: readonly Expectation[];
}

export function readTests(text: string): Read<PolicyTests> {
  return readYaml("tests.yaml", text, fileSchema, (file, say, problems) => {
    const identities = new Map(Object.entries(file.identities).map(([name, entry]) => [name, identity(name, entry)]));
    const expectations = file.expectations.map((entry, index) => {
      const path = ["expectations", index];
      if (!identities.has(entry.as)) problems.push(say([...path, "as"], `unknown identity "${entry.as}"`));
      return { ...entry, line: say(path, "").line };
    });
    return { identities, expectations };
  });
}

function identity(name: string, entry: z.infer<typeof identitySchema>): Principal {
  const { kind, groups, actsFor } = entry;
  return {
    kind,
    name,
    groups,
    issuer: "tests.yaml",
    subject: name,
    amr: [],
    expiresAt: Number.MAX_SAFE_INTEGER,
    ...(actsFor === undefined ? {} : { actsFor }),
  };
}
