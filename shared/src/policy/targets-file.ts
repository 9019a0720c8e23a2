// targets.yaml: what is protected, where it is, and how the gateway reaches it.
import { z } from "zod";
import type { Target } from "../target.ts";
import type { Problem } from "./types.ts";
import { type Read, readYaml, type Say } from "./yaml.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const NAME = /^[a-z][a-z0-9]*([_-][a-z0-9]+)*$/;

const count = z.int().min(1);
const limitsSchema = z.strictObject({
  idleSeconds: count.default(900),
  absoluteSeconds: count.default(28_800),
  connections: count.default(100),
  connectionsPerPrincipal: count.default(20),
  statementBytes: count.default(262_144),
});
const tlsSchema = z.strictObject({
  mode: z.enum(["verify-full", "disable"]).default("verify-full"),
  caFile: z.string().min(1).optional(),
  serverName: z.string().min(1).optional(),
});
const outcome = z.enum(["refuse", "count"]);
const beyond = z.union([outcome, z.strictObject({ ask: z.array(z.string().min(1)).min(1) })], {
  error: "expected count, refuse, or ask with the names of groups: { ask: [dba] }",
});
const imagesSchema = z.strictObject({
  rows: count.max(100_000).default(1000),
  beyond: beyond.default("count"),
  otherwise: outcome.default("count"),
});
const host = z.string().min(1);
const port = z.int().min(1).max(65_535);
const credentialSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("file"), path: z.string().min(1) }),
  z.strictObject({ type: z.literal("secret"), id: z.string().min(1), field: z.string().min(1).default("password") }),
  z.strictObject({ type: z.literal("rds-iam"), region: z.string().min(1).optional() }),
]);
const targetSchema = z.strictObject({
  protocol: z.literal("postgres"),
  host,
  port: port.default(5432),
  database: z.string().min(1),
  user: z.string().min(1),
  tls: tlsSchema.prefault({}),
  credential: credentialSchema,
  sealed: z.enum(["on", "off"]).default("on"),
  images: z
    .union([z.literal("off"), imagesSchema], { error: "expected off, or rows, beyond and otherwise" })
    .prefault({}),
  limits: limitsSchema.prefault({}),
  disclosures: z.enum(["result", "companion", "off"]).default("result"),
  labels: z.record(z.string(), z.string()).default({}),
});
const fileSchema = z.record(z.string(), targetSchema);

type TargetsFile = z.infer<typeof fileSchema>;

/**
 * Where a target really is in one deployment, when that is not known as the bundle is written (a port chosen at start, a CA made there).
 * Part of the proxy's own configuration; it moves a target, and changes nothing of what policy says of it.
 */
export const placementSchema = z.strictObject({
  host: host.optional(),
  port: port.optional(),
  caFile: z.string().min(1).optional(),
  serverName: z.string().min(1).optional(),
  /** A path is that of a file. */
  credential: z.union([z.string().min(1), credentialSchema]).optional(),
});
export type Placement = z.infer<typeof placementSchema>;

export interface TargetsRead {
  readonly targets: ReadonlyMap<string, Target>;
  /** The parsed file: part of what the bundle's version is made of. */
  readonly content: TargetsFile;
  /** A problem at the line where the file speaks of a target, or of something in it. */
  readonly atTarget: (target: string, message: string, ...within: readonly string[]) => Problem;
}

export function readTargets(text: string): Read<TargetsRead> {
  return readYaml("targets.yaml", text, fileSchema, (content, say, problems) => {
    for (const [name, entry] of Object.entries(content)) problems.push(...targetProblems(name, entry, say));
    const targets = new Map(Object.entries(content).map(([name, entry]) => [name, toTarget(name, entry)]));
    return { targets, content, atTarget: (target, message, ...within) => say([target, ...within], message) };
  });
}

function targetProblems(name: string, entry: TargetsFile[string], say: Say): Problem[] {
  const problems: Problem[] = [];
  if (!NAME.test(name)) problems.push(say([name], `target name "${name}" is not lower-case words`));
  if (entry.tls.mode === "disable" && !LOOPBACK.test(entry.host))
    problems.push(say([name, "tls", "mode"], `TLS can be disabled for loopback addresses only, not for ${entry.host}`));
  if (entry.limits.idleSeconds > entry.limits.absoluteSeconds)
    problems.push(say([name, "limits", "idleSeconds"], "the idle limit is longer than the absolute one"));
  return problems;
}

function toTarget(name: string, entry: TargetsFile[string]): Target {
  const { caFile, serverName, mode } = entry.tls;
  return {
    ...entry,
    name,
    tls: { mode, ...(caFile === undefined ? {} : { caFile }), ...(serverName === undefined ? {} : { serverName }) },
  };
}

/** The target where this deployment has it. @throws when TLS is disabled for an address that is not loopback */
export function placed(target: Target, placement: Placement | undefined): Target {
  if (placement === undefined) return target;
  const { host = target.host, port = target.port, caFile, serverName, credential } = placement;
  if (target.tls.mode === "disable" && !LOOPBACK.test(host))
    throw new Error(`target ${target.name}: TLS can be disabled for loopback addresses only`);
  const tls = {
    ...target.tls,
    ...(caFile === undefined ? {} : { caFile }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  const from = typeof credential === "string" ? ({ type: "file", path: credential } as const) : credential;
  return { ...target, host, port, tls, credential: from ?? target.credential };
}
