// What a team says of its deployment: one JSON file, named by the context key `settings`. It is checked as a whole; everything that is wrong is said at once.
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Sha256 } from "#shared/evidence/digest.ts";
import { canBeMet, parseWitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { readTargets } from "#shared/policy/targets-file.ts";

const why = z.string().min(8, "say why in a few words");
const cidr = z.cidrv4("is not an IPv4 range like 10.0.0.0/8");
const https = z.url({ protocol: /^https$/, error: "must be an https address" });
const mail = z.email();
const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-z]+$`), `is not an id like ${prefix}-0123456789abcdef0`);
const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `is not the ARN of something in ${service}`);
const zoneId = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "is not an availability zone like eu-central-1a");

/** A function's environment has 4 KB in all. */
const MOST_WITNESSES = 3000;
const sha256: Sha256 = {
  digest: (data) => hash("sha256", data, "buffer"),
  text: (data, encoding) => hash("sha256", data, encoding),
};

/** Fargate kills a task this long after SIGTERM. */
export const STOP_TIMEOUT_SECONDS = 120;
/** What `fargate-proxy/src/main.ts` takes beyond the grace of sessions, for evidence to reach the store. */
const FLUSH_SECONDS = 15;

const network = z
  .strictObject({
    /** A VPC of Postern's own: its range, and over how many availability zones it goes. */
    create: z.strictObject({ cidr, zones: z.int().min(2).max(3) }).optional(),
    /** A VPC that is there. `endpoints`: create those of the AWS services; or all are there, and private APIs are reached by this one. */
    existing: z
      .strictObject({
        vpc: id("vpc"),
        cidr,
        zones: z.array(zoneId).min(2),
        subnets: z.array(id("subnet")).min(2),
        routeTables: z.array(id("rtb")).min(1),
        endpoints: z.union([z.literal("create"), z.strictObject({ executeApi: id("vpce") })]),
        /** Managed prefix lists of the gateway endpoints: routes of this VPC may lead anywhere, so rules have to say it. */
        prefixLists: z.strictObject({ s3: id("pl"), dynamodb: id("pl") }),
      })
      .optional(),
    /** Who may reach the gateway's port. */
    clients: z.array(cidr).min(1),
    /** Every way out of a VPC of Postern's own, besides the endpoints of AWS services. Without one there is none. */
    routes: z
      .array(
        z.strictObject({
          to: cidr,
          via: z.union([z.literal("internet"), id("pcx"), id("tgw")]),
          ports: z.array(z.int().min(1).max(65_535)).min(1),
          why,
        }),
      )
      .default([]),
  })
  .superRefine((it, context) => {
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    if ((it.create === undefined) === (it.existing === undefined)) say([], 'needs one of "create" and "existing"');
    if (it.existing !== undefined) {
      if (it.routes.length > 0) say(["routes"], 'belong to a VPC that is created; an "existing" one has its own');
      if (it.existing.subnets.length !== it.existing.zones.length)
        say(["existing", "subnets"], "are not as many as zones: give one subnet for each");
    }
    it.clients.forEach((client, i) => {
      if (client.endsWith("/0")) say(["clients", i], "lets everybody in: name the ranges that clients come from");
    });
  });

const provider = {
  /** What the names of its people begin with, such as `corp:`. Needed when there are several: two may vouch for the same address. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,15}:$/, "is not a word with a colon, like corp:")
    .optional(),
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{2,31}$/),
  groups: z.string().min(1),
};
const identity = z
  .strictObject({
    cognito: z
      .strictObject({
        /** First label of the address where people log in. */
        domain: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$/),
        groups: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)).default([]),
        /** `groups`: the assertion's attribute that names a person's groups. */
        saml: z.array(z.strictObject({ ...provider, metadata: https })).default([]),
        oidc: z
          .array(
            z.strictObject({ ...provider, issuer: https, clientId: z.string().min(1), secret: arn("secretsmanager") }),
          )
          .default([]),
      })
      .optional(),
    issuer: z
      .strictObject({
        issuer: https,
        audience: z.string().min(1),
        keys: https,
        claims: z.strictObject({ name: z.string(), groups: z.string(), email: z.string() }).partial().default({}),
      })
      .optional(),
  })
  .superRefine(({ cognito, issuer }, context) => {
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    if ((cognito === undefined) === (issuer === undefined)) say([], 'needs one of "cognito" and "issuer"');
    const providers = [...(cognito?.saml ?? []), ...(cognito?.oidc ?? [])];
    const names = providers.map(({ name }) => name);
    const prefixes = providers.map(({ prefix }) => prefix);
    if (providers.length > 1)
      for (const { name, prefix } of providers)
        if (prefix === undefined)
          say(["cognito"], `provider ${name} needs a prefix: another may vouch for the same address`);
        else if (prefixes.indexOf(prefix) !== prefixes.lastIndexOf(prefix))
          say(["cognito"], `provider ${name} has the prefix of another`);
    for (const name of names.filter((one, i) => names.indexOf(one) !== i))
      say(["cognito"], `two providers are named ${name}`);
  });

const target = z
  .strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(5432),
    /** PEM file of its certificate authority, from the repository's root; without it Node's own authorities. RDS has one of its own. */
    ca: z.string().min(1).optional(),
    /** The RDS database that only the gateway may reach. Left out: somebody else closes the ways around it. */
    database: z
      .strictObject({
        cluster: z.string().min(1).optional(),
        instance: z.string().min(1).optional(),
        /** The VPC of the database, where it is not the gateway's. */
        vpc: id("vpc").optional(),
        /** Who else may still connect. */
        others: z.array(z.strictObject({ from: z.union([id("sg"), cidr]), why })).default([]),
      })
      .refine(
        (it) => (it.cluster === undefined) !== (it.instance === undefined),
        'needs one of "cluster" and "instance"',
      )
      .optional(),
    credential: z
      .strictObject({
        /** RDS IAM: the resource id of the cluster or instance (cluster-... or db-...). */
        iam: z
          .string()
          .regex(/^(cluster|db)-[A-Z0-9]+$/, "is not a resource id like cluster-ABC123")
          .optional(),
        /** A secret that Postern keeps and rotates: every so many days. */
        rotateDays: z.int().min(1).max(90).optional(),
        /** A secret of the team's own. */
        secret: arn("secretsmanager").optional(),
      })
      .refine(
        (it) => Object.values(it).filter((one) => one !== undefined).length === 1,
        'needs one of "iam", "rotateDays" and "secret"',
      ),
  })
  .superRefine(({ database, credential }, context) => {
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    if (credential.rotateDays !== undefined && database === undefined)
      say(["credential", "rotateDays"], "needs the database: without it nobody can set the new password");
    const kind = credential.iam?.split("-")[0];
    if (kind === "cluster" && database?.instance !== undefined)
      say(["credential", "iam"], "is a cluster's, of an instance");
    if (kind === "db" && database?.cluster !== undefined) say(["credential", "iam"], "is an instance's, of a cluster");
  });

/** What Fargate has: CPU units to memory in MiB. */
const SIZES: Readonly<Record<number, readonly [number, number]>> = {
  512: [1024, 4096],
  1024: [2048, 8192],
  2048: [4096, 16_384],
  4096: [8192, 30_720],
};
const proxy = z
  .strictObject({
    cpu: z.union([z.literal(512), z.literal(1024), z.literal(2048), z.literal(4096)]).default(1024),
    memory: z.int().multipleOf(1024).default(2048),
    tasks: z.strictObject({ least: z.int().min(1), most: z.int().min(1).max(120) }).default({ least: 2, most: 6 }),
    /** Sessions of one task. */
    sessions: z.int().min(1).default(500),
    /** After a task is taken out of the balancer, the time that its sessions go on. */
    drainSeconds: z.int().min(0).max(3600).default(300),
    /** After that, from SIGTERM, the time that sessions have to end by themselves. */
    graceSeconds: z
      .int()
      .min(0)
      .max(
        STOP_TIMEOUT_SECONDS - FLUSH_SECONDS,
        `is more than ${STOP_TIMEOUT_SECONDS - FLUSH_SECONDS}: Fargate kills a task after ${STOP_TIMEOUT_SECONDS} s, and evidence needs ${FLUSH_SECONDS} of them`,
      )
      .default(60),
    /** The secret with the certificate that clients see: JSON, `cert` and `key` in PEM. */
    certificate: arn("secretsmanager"),
  })
  .superRefine(({ cpu, memory, tasks }, context) => {
    const [least, most] = SIZES[cpu] as readonly [number, number];
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    if (memory < least || memory > most) say(["memory"], `with cpu ${cpu} Fargate has ${least} to ${most} MiB`);
    if (tasks.least > tasks.most) say(["tasks"], "least is more than most");
  });

const schema = z.strictObject({
  /** Begins the names of stacks. */
  name: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]{2,20}$/, "is not a name like Postern")
    .default("Postern"),
  /** Folder of the policy bundle, from the repository's root. */
  policy: z.string().min(1).default("policy"),
  /** Name (origin) of the ledger. */
  ledger: z.string().regex(/^[a-z0-9.-]+\/[a-z0-9./-]+$/, "is not a name like postern.example.org/ledger"),
  network,
  identity,
  targets: z.record(z.string(), target),
  proxy,
  /** Targets whose free text Amazon Comprehend Medical looks at, besides our own detectors. */
  comprehendMedical: z.strictObject({ targets: z.array(z.string().min(1)).min(1) }).optional(),
  approvals: z
    .strictObject({
      mailFrom: mail,
      slack: z
        .strictObject({ team: z.string().regex(/^T[A-Z0-9]+$/), app: z.string().regex(/^A[A-Z0-9]+$/) })
        .optional(),
      /** Base address of the identity provider's SCIM 2.0 directory. */
      directory: https.optional(),
    })
    .refine((it) => it.slack === undefined || it.directory !== undefined, {
      path: ["directory"],
      message: "is needed with slack: without it nobody in Slack is known",
    }),
  evidence: z
    .strictObject({
      /** A bucket, with Object Lock, that every object is copied to; better in another account. */
      replicate: z
        .strictObject({
          bucket: arn("s3"),
          key: arn("kms"),
          account: z
            .string()
            .regex(/^\d{12}$/)
            .optional(),
        })
        .optional(),
      /** Roles that may open what is sealed. Without one nobody can; opening needs two people besides. */
      openers: z.array(arn("iam")).default([]),
      /** Who may take on the auditors' role: it asks Athena, and reads what is in the clear. Without one there is no such role. */
      auditors: z.array(arn("iam")).default([]),
      /** File with the witnesses of the ledger, where they are asked and how many are enough, from the repository's root: a C2SP tlog-policy. */
      witnesses: z.string().min(1).optional(),
      /** Name of a bucket that S3 writes access logs to. */
      accessLogs: z.string().min(3).optional(),
    })
    .prefault({}),
  /** Who hears of alarms. */
  alarms: z.array(mail).default([]),
});
export type Settings = z.infer<typeof schema> & {
  /** What the policy bundle says of each target: who the gateway logs in as, and to which database. */
  readonly logins: Readonly<Record<string, { readonly user: string; readonly database: string }>>;
  /** The text of `evidence.witnesses`; null without it. */
  readonly witnesses: string | null;
};

/** Settings that cannot be used: one line per problem. */
export class SettingsRefused extends Error {
  override readonly name = "SettingsRefused";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** @param root of the repository, where relative paths start. @throws SettingsRefused with every problem */
export function readSettings(root: string, file: string): Settings {
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(resolve(root, file), "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new SettingsRefused([`${file}: ${code === undefined ? "is not JSON" : `cannot be read (${code})`}`]);
  }
  const { data, error } = schema.safeParse(input);
  const bundle = bundleOf(root, input);
  const witnesses = witnessesOf(root, input);
  const found = new Set((error?.issues ?? []).flatMap((issue) => lines(issue)));
  // What contradicts itself is looked for where all keys are known: so once more without those that are not.
  for (const issue of error === undefined
    ? []
    : (schema.safeParse(withKnownKeys(input, error.issues)).error?.issues ?? []))
    for (const line of lines(issue)) found.add(line);
  const problems = [...found, ...bundle.problems, ...witnesses.problems];
  if (data === undefined || problems.length > 0) throw new SettingsRefused(problems.map((line) => `${file}: ${line}`));
  return { ...data, logins: bundle.logins, witnesses: witnesses.text };
}

/** What the policy bundle says of targets, and where settings disagree; said whatever else is wrong. */
function bundleOf(root: string, input: unknown): { problems: readonly string[]; logins: Settings["logins"] } {
  const {
    policy = "policy",
    targets = {},
    comprehendMedical,
  } = (input ?? {}) as {
    policy?: string;
    targets?: Record<string, unknown>;
    comprehendMedical?: { targets?: readonly string[] };
  };
  const refused = (...problems: string[]) => ({ problems, logins: {} });
  let text: string;
  try {
    text = readFileSync(join(root, policy, "targets.yaml"), "utf8");
  } catch {
    return refused(`policy: there is no ${policy}/targets.yaml`);
  }
  const known = readTargets(text).value?.targets;
  if (known === undefined)
    return refused(`policy: ${policy}/targets.yaml cannot be used: run \`postern policy check\``);
  const here = Object.entries(targets);
  const problems = here.flatMap(([name, target]) => {
    const ca = (target as { ca?: unknown } | null)?.ca;
    return [
      ...(known.has(name) ? [] : [`targets.${name}: the bundle has no such target`]),
      ...(typeof ca !== "string" || existsSync(resolve(root, ca))
        ? []
        : [`targets.${name}.ca: there is no file ${ca}`]),
    ];
  });
  for (const name of comprehendMedical?.targets ?? [])
    if (!known.has(name)) problems.push(`comprehendMedical.targets: the bundle has no target ${name}`);
  const missing = [...known.keys()].filter((name) => targets[name] === undefined);
  return {
    problems: [...problems, ...missing.map((name) => `targets.${name}: is missing; the bundle has it`)],
    logins: Object.fromEntries([...known].map(([name, { user, database }]) => [name, { user, database }])),
  };
}

function withKnownKeys(input: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(input);
  for (const issue of issues) {
    if (issue.code !== "unrecognized_keys") continue;
    let place = copy as Record<PropertyKey, unknown>;
    for (const key of issue.path) place = place[key] as Record<PropertyKey, unknown>;
    for (const key of issue.keys) delete place[key];
  }
  return copy;
}

/** Said whatever else is wrong. */
function witnessesOf(root: string, input: unknown): { problems: readonly string[]; text: string | null } {
  const file = (input as { evidence?: { witnesses?: unknown } } | null)?.evidence?.witnesses;
  if (typeof file !== "string") return { problems: [], text: null };
  const refused = (what: string) => ({ problems: [`evidence.witnesses: ${file}: ${what}`], text: null });
  try {
    const text = readFileSync(resolve(root, file), "utf8");
    if (!canBeMet(parseWitnessPolicy(text, sha256)))
      return refused("too few have an address: the quorum cannot be met");
    return Buffer.byteLength(text) > MOST_WITNESSES
      ? refused(`has more than ${MOST_WITNESSES} bytes`)
      : { problems: [], text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return refused(code === undefined ? message : `cannot be read (${code})`);
  }
}

function lines(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): string[] {
  const path = [...above, ...issue.path];
  const at = path.length === 0 ? "" : `${path.map(String).join(".")}: `;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${[...path, key].map(String).join(".")}: unknown key`);
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return [`${at}is missing`];
  return [`${at}${issue.message}`];
}
