// The proxy's configuration: one JSON file, named by POSTERN_CONFIG, or its text. The only file of the proxy that reads the environment.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { CLAIMS } from "#shared/claims.ts";
import { placementSchema } from "#shared/policy/targets-file.ts";

const port = z.int().min(0).max(65_535);
const address = (otherwise: number) =>
  z.strictObject({ host: z.string().min(1).default("127.0.0.1"), port: port.default(otherwise) }).prefault({});
const file = z.string().min(1);
const name = z.string().min(1);
const https = z.url({ protocol: /^https$/, error: "must be an https address" });
const seconds = (otherwise: number) => z.number().positive().max(86_400).default(otherwise);
const count = (otherwise: number) => z.int().min(1).default(otherwise);
const claim = (otherwise: string) => z.string().min(1).default(otherwise);
const KINDS = ["person", "workload", "agent"] as const;

const issuer = z.strictObject({
  issuer: z.url(),
  audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  jwksUri: https,
  /** PEM file of the authority that the key set's server is checked against. */
  caFile: file.optional(),
  /** Paths into the claims, parted by dots. */
  claims: z
    .strictObject({
      name: claim(CLAIMS.name),
      agent: claim(CLAIMS.agent),
      groups: claim(CLAIMS.groups),
      kind: claim(CLAIMS.kind),
      email: claim(CLAIMS.email),
    })
    .prefault({}),
  /** Kinds of identities that this issuer may vouch for. */
  kinds: z
    .array(z.enum(KINDS))
    .min(1)
    .default([...KINDS]),
});

const awsSchema = z.strictObject({
  /** Of the evidence: versioned, with Object Lock. */
  bucket: name,
  /** How long an object cannot be deleted; from when it is written. Six years by default: 45 CFR 164.316(b)(2)(i). */
  retentionDays: z.int().min(1).max(36_500).default(2192),
  tables: z.strictObject({ journal: name, revocations: name, sealedKeys: name }),
  /** The KMS key that wraps the data keys of the sealed lane. */
  keys: z.strictObject({ sealed: name }),
  /** Secrets `{"version": 1, "key": "..."}`: keys of pseudonyms, and of the HMACs of those whose records were disclosed. */
  secrets: z.strictObject({ pseudonyms: name, subjects: name }),
  approvals: z.strictObject({ table: name, requestFunction: name }),
  /** Names this process in the journal; the ECS task's id by default. Whoever starts under a name takes over what it left. */
  task: name.optional(),
});

/** Where other gateways reach this one: an address of its own, with nothing for clients. */
const among = { listen: address(6436) };
const fleetSchema = z.union([
  /** A folder of this machine that all of them have; revocations, approvals and the keys of pseudonyms and disclosures are in it, too. */
  z.strictObject({ ...among, shared: file }),
  /** A table, and a secret `{"version": 1, "key": "..."}`. */
  z.strictObject({ ...among, table: name, secret: name }),
]);

const schema = z.strictObject({
  listen: address(6432),
  /** Health and metrics. */
  admin: address(6434),
  /** Folder of the policy bundle. */
  policy: file,
  /** Folder of all that the gateway keeps. */
  state: file,
  /** PEM files, or the ARN of a secret `{"cert": PEM, "key": PEM}`. Without them nobody can log in, except by `allowPlaintextLoopback`. */
  tls: z.union([z.strictObject({ cert: file, key: file }), z.strictObject({ secret: name })]).nullable(),
  allowPlaintextLoopback: z.boolean().default(false),
  issuers: z
    .array(issuer)
    .min(1)
    .refine((all) => new Set(all.map((i) => i.issuer)).size === all.length, "an issuer is listed twice"),
  /** Where OAUTHBEARER clients are sent for a token; the first issuer when absent. */
  oauth: z.strictObject({ configuration: https, scope: z.string().min(1) }).optional(),
  /** How clients show their token unless they say otherwise. */
  authentication: z.enum(["password", "oauthbearer"]).default("password"),
  limits: z
    .strictObject({
      /** Sessions of all principals and targets together; each target has limits of its own. */
      sessions: count(500),
      /** Connections that have not logged in yet. */
      pending: count(256),
      /** From the first byte of a connection to its first ReadyForQuery. */
      loginSeconds: seconds(20),
      /** For connecting and logging in to a target. */
      connectSeconds: seconds(10),
      /** At shutdown, the time that sessions have to end by themselves. */
      graceSeconds: z.number().min(0).max(3600).default(10),
    })
    .prefault({}),
  /** By target: where it is, when the policy bundle does not know. */
  targets: z.record(z.string(), placementSchema).default({}),
  /** At these targets free text is sent to Amazon Comprehend Medical, too. */
  comprehendMedical: z
    .strictObject({
      targets: z.array(z.string().min(1)).min(1),
      /** Name or ARN of the Lambda `detect-phi`; without one the gateway asks by itself. */
      function: z.string().min(1).optional(),
      /** For one batch of texts: what has not been answered by then is hidden whole. */
      timeoutSeconds: seconds(15).pipe(z.number().max(300)),
    })
    .optional(),
  /** File with the witnesses that are to cosign the ledger, and how many of them are enough: a C2SP tlog-policy. */
  witnesses: file.optional(),
  /** With it the gateway keeps everything in AWS; without it, on this machine. Region, credentials and endpoints are the SDK's own settings. */
  aws: awsSchema.optional(),
  /** Several gateways behind one balancer: they pass requests to cancel to each other, and count their sessions together. */
  fleet: fleetSchema.optional(),
});
const consistent = schema.refine((it) => it.aws === undefined || it.witnesses === undefined, {
  path: ["witnesses"],
  message: "is for a ledger that the gateway writes itself, which it does not on AWS",
});

export type AwsConfig = z.infer<typeof awsSchema>;
export type FleetConfig = z.infer<typeof fleetSchema>;
export type Config = Omit<z.infer<typeof schema>, "oauth"> & {
  readonly oauth: { readonly configuration: string; readonly scope: string };
  /** Where ECS tells a container about its task. */
  readonly taskMetadata?: string;
};

/** Configuration that cannot be used: one line per problem. */
export class ConfigRefused extends Error {
  override readonly name = "ConfigRefused";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads the file that POSTERN_CONFIG names, or its text itself where it is a JSON object: a container has no file of its own. Paths then start at the
 * working directory. POSTERN_LISTEN, POSTERN_ADMIN and POSTERN_FLEET (`host:port`) win over it. @throws ConfigRefused
 */
export function readConfig(): Config {
  const { POSTERN_CONFIG: path, POSTERN_LISTEN: listen, POSTERN_ADMIN: admin, POSTERN_FLEET: fleet } = process.env;
  const { ECS_CONTAINER_METADATA_URI_V4: taskMetadata } = process.env;
  const own = taskMetadata === undefined ? {} : { taskMetadata };
  if (path === undefined || path === "") throw new ConfigRefused(["POSTERN_CONFIG: names no configuration file"]);
  if (path.startsWith("{")) return { ...parseConfig("POSTERN_CONFIG", path, { listen, admin, fleet }), ...own };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigRefused([`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
  return { ...parseConfig(path, text, { listen, admin, fleet }), ...own };
}

/** @param path where the text is from: relative paths in it start there. @throws ConfigRefused with every problem */
export function parseConfig(
  path: string,
  text: string,
  overrides: Readonly<Partial<Record<"listen" | "admin" | "fleet", string | undefined>>> = {},
): Config {
  const problems: string[] = [];
  const input = readObject(path, text);
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined || value === "") continue;
    const parsed = readAddress(value);
    if (parsed === null) problems.push(`POSTERN_${key.toUpperCase()}: "${value}" is not host:port`);
    else if (key !== "fleet") input[key] = parsed;
    // A gateway that is alone stays alone.
    else if (input.fleet instanceof Object) input.fleet = { ...input.fleet, listen: parsed };
  }
  const { data, error } = consistent.safeParse(input);
  for (const issue of (error?.issues ?? []).flatMap(usual)) problems.push(`${path}: ${at(issue.path)}${issue.message}`);
  if (data?.fleet !== undefined && "table" in data.fleet !== (data.aws !== undefined))
    problems.push(`${path}: fleet: takes \`table\` and \`secret\` with \`aws\`, and \`shared\` without it`);
  if (data === undefined || problems.length > 0) throw new ConfigRefused(problems);
  return settled(data, dirname(resolve(path)));
}

/** Of a choice of shapes, what is wrong with the first, which is the usual one. */
function usual(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors[0] === undefined) return [issue];
  return issue.errors[0].map((own) => ({ ...own, path: [...issue.path, ...own.path] }));
}

function readObject(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Reported below: the parser's own words quote the file.
  }
  throw new ConfigRefused([`${path}: is not a JSON object`]);
}

function readAddress(text: string): { host: string; port: number } | null {
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
  return match === null ? null : { host: match[1] as string, port: Number(match[2]) };
}

function at(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "" : `${path.map(String).join(".")}: `;
}

/** Paths made absolute, and what is derived filled in. */
function settled(data: z.infer<typeof schema>, folder: string): Config {
  const abs = (path: string) => resolve(folder, path);
  const first = data.issuers[0]?.issuer.replace(/\/$/, "") ?? "";
  return {
    ...data,
    policy: abs(data.policy),
    state: abs(data.state),
    ...(data.witnesses === undefined ? {} : { witnesses: abs(data.witnesses) }),
    fleet:
      data.fleet !== undefined && "shared" in data.fleet
        ? { ...data.fleet, shared: abs(data.fleet.shared) }
        : data.fleet,
    tls: data.tls === null || "secret" in data.tls ? data.tls : { cert: abs(data.tls.cert), key: abs(data.tls.key) },
    issuers: data.issuers.map((i) => (i.caFile === undefined ? i : { ...i, caFile: abs(i.caFile) })),
    oauth: data.oauth ?? { configuration: `${first}/.well-known/openid-configuration`, scope: "openid" },
  };
}
