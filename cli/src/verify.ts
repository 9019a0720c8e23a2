// postern verify: is the evidence whole and unaltered? Exits with 1 and names the first bad place when it is not.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { localWrappedKeys } from "#proxy/adapters/local-data-keys.ts";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { decompress } from "#proxy/adapters/node-zstd.ts";
import { loadPolicyFiles } from "#proxy/adapters/policy-folder.ts";
import { verifyBundle } from "#shared/evidence/bundle.ts";
import { verifyEvidence } from "#shared/evidence/verify.ts";
import {
  BadEvidence,
  emptyTally,
  type KnownHead,
  type Scope,
  type VerifyReport,
  type VerifyRequest,
} from "#shared/evidence/verify-types.ts";
import { allOf, parseWitnessPolicy, type WitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { isBundle, readBundle } from "./evidence/bundle-file.ts";
import { formatTime, parseTime, print, withEvidence } from "./evidence/home.ts";
import { attempt, Problem } from "./problem.ts";
import { stateDirectory, witnessesFile } from "./settings.ts";

interface Options {
  readonly all?: true;
  readonly since?: string;
  readonly until?: string;
  readonly key?: string;
  readonly witness?: readonly string[];
  readonly witnesses?: string;
  readonly retention: string;
  readonly locks: boolean;
  readonly json?: true;
}

const tools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519, decompress };

/** Long enough for a gateway that runs to sign what it has just stored. */
const SETTLE_MS = 2000;
/** For the function that writes the ledger, behind its queue. */
const SETTLE_IN_BUCKET_MS = 30_000;

export function registerVerify(program: Command): void {
  program
    .command("verify")
    .argument(
      "[session]",
      "a session's id, the start of it, `last`, or the file of a bundle; all sessions when left out",
    )
    .description("check that the evidence is whole and unaltered")
    .option("--key <key>", "for a bundle: the ledger's public key (or a file with it), had from somewhere else")
    .option("--all", "all sessions (the default)")
    .option("--since <time>", "sessions that began on this day or later")
    .option("--until <time>", "sessions that began on this day or earlier")
    .option("--witness <key...>", "public keys of witnesses that have to have cosigned the ledger's head, all of them")
    .option(
      "--witnesses <file>",
      "or a C2SP tlog-policy: witnesses, and how many of them are enough (POSTERN_WITNESSES)",
    )
    .option("--retention <days>", "of a bucket: how long its objects are promised to be locked", "2192")
    .option("--no-locks", "of a bucket: leave the locks of its objects out, one question for each")
    .option("--json", "the report as one JSON object")
    .action((name: string | undefined, options: Options) => {
      if (name !== undefined && isBundle(name))
        return attempt(async () => tell(await verifyFile(name, options), options));
      return withEvidence(async (evidence) => {
        const [locks, witnesses] = [lockCheck(evidence, options), await readWitnesses(options)];
        await tell(await verify(evidence, await scopeOf(evidence, name, options), { locks, witnesses }), options);
      });
    });
}

async function tell(report: VerifyReport, options: Options): Promise<void> {
  if (options.json) await print(JSON.stringify(report));
  else for (const line of words(report)) await print(line);
  if (!report.ok) process.exitCode = 1;
}

async function verifyFile(path: string, options: Options): Promise<VerifyReport> {
  const { key } = options;
  const witnesses = await readWitnesses(options);
  const trusted = key !== undefined && existsSync(key) ? (await readFile(key, "utf8")).trim() : key;
  try {
    const bundle = await readBundle(path);
    try {
      return await verifyBundle(bundle, tools, trusted, witnesses);
    } finally {
      await bundle.close();
    }
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error;
    const nothing = { head: null, cosigned: null, checked: emptyTally(), open: [], recovered: [], notes: [] };
    return { ok: false, bad: error.place, ...nothing };
  }
}

async function scopeOf(evidence: LocalEvidence, name: string | undefined, options: Options): Promise<Scope> {
  const { all, since, until } = options;
  if ([name, all, since ?? until].filter((given) => given !== undefined).length > 1)
    throw new Problem("give a session, --all, or --since and --until", 2);
  if (name !== undefined) return { type: "session", session: await idOf(evidence, name) };
  if (since === undefined && until === undefined) return { type: "all" };
  const day = (text: string) => new Date(parseTime(text)).toISOString().slice(0, 10);
  return {
    type: "days",
    since: since === undefined ? "0000-00-00" : day(since),
    until: until === undefined ? "9999-99-99" : day(until),
  };
}

/** A damaged ledger makes the index unreadable; an id that is given in full is verified all the same. */
async function idOf(evidence: LocalEvidence, name: string): Promise<string> {
  return evidence.find(name).then(
    (so) => so.session,
    (error: unknown) => {
      if (name === "last" || !/^[A-Za-z0-9_-]{20,}$/.test(name)) throw error;
      return name;
    },
  );
}

/** Null when none are asked for. */
async function readWitnesses({ witness, witnesses }: Options): Promise<WitnessPolicy | null> {
  const file = witnesses ?? witnessesFile();
  try {
    if (witness !== undefined) return allOf(witness, nodeSha256);
    return file === null ? null : parseWitnessPolicy(await readFile(file, "utf8"), nodeSha256);
  } catch (error) {
    throw new Problem(`${witness === undefined ? `${file}: ` : ""}${(error as Error).message}`, 2);
  }
}

/** Undefined where there are no locks, null where they are left out. */
function lockCheck({ elsewhere }: LocalEvidence, { retention, locks }: Options): VerifyRequest["locks"] {
  const days = Number(retention);
  if (!Number.isSafeInteger(days) || days < 1) throw new Problem(`${retention} is not a number of days`, 2);
  if (elsewhere === null) return undefined;
  if (!locks) return null;
  const lock = (key: string) =>
    elsewhere.reader.lock(key).catch((error: unknown) => {
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== 403) throw error;
      throw new Problem("locks are not shown to you", 1, "It takes s3:GetObjectRetention; --no-locks leaves them out.");
    });
  return { days, lock, progress: (done, total) => showProgress(done, total, "locks") };
}

interface Besides {
  readonly locks?: VerifyRequest["locks"];
  readonly witnesses?: WitnessPolicy | null;
}

export async function verify(
  evidence: LocalEvidence,
  scope: Scope,
  { locks, witnesses }: Besides = {},
): Promise<VerifyReport> {
  const headPath = headOf(evidence);
  const known = await readHead(headPath);
  const keys = localWrappedKeys(join(stateDirectory(), "keys/sealed"));
  const request: VerifyRequest = {
    scope,
    verifierKey: await evidence.verifierKey().catch(() => {
      throw new Problem(
        "there is no ledger key here",
        3,
        "Start the gateway once, or set POSTERN_STATE to its state directory.",
      );
    }),
    ...(known === null ? {} : { known }),
    pending: () => evidence.pending(),
    settle: () => pause(evidence.elsewhere === null ? SETTLE_MS : SETTLE_IN_BUCKET_MS),
    ...(scope.type === "all" ? { index: evidence.indexCheck() } : {}),
    progress: (done, total) => showProgress(done, total, "objects"),
    ...(locks === undefined ? {} : { locks }),
    deciderOf(files) {
      const bundle = loadPolicyFiles(files);
      return "problems" in bundle ? null : { version: bundle.version, decide: createEvaluator(bundle) };
    },
    ...(witnesses == null ? {} : { witnesses }),
    // Of a bucket, wrapped keys are where officers look.
    ...(evidence.elsewhere === null ? { hasKey: async (session: string) => (await keys.get(session)) !== null } : {}),
  };
  const report = await verifyEvidence(evidence.store, tools, request);
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (report.ok && report.head !== null) await writeFile(headPath, `${JSON.stringify(report.head)}\n`);
  return report;
}

function showProgress(done: number, total: number, what: "objects" | "locks"): void {
  if (process.stderr.isTTY && (what === "locks" || done % 50 === 0 || done === total))
    process.stderr.write(`\r\u001b[K${done} of ${total} ${what}`);
}

/** The head of the ledger that was verified last: a later one must go on from there. */
function headOf({ elsewhere }: LocalEvidence): string {
  const of = elsewhere === null ? "" : `-${elsewhere.bucket}`;
  return join(stateDirectory(), `verified-head${of}.json`);
}

async function readHead(path: string): Promise<KnownHead | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const head = JSON.parse(text) as KnownHead;
  if (!Number.isSafeInteger(head.size) || !/^[0-9a-f]{64}$/.test(head.root)) throw new Problem(`${path} is damaged`, 1);
  return head;
}

function seen({ name, time }: { readonly name: string; readonly time: number }): string {
  return `${name} (${formatTime(time)})`;
}

function words(report: VerifyReport): string[] {
  const { checked, bad, cosigned } = report;
  const lines = [
    `ledger    ${checked.ledgerEntries} entries${report.head === null ? "" : `, signed head ${report.head.root.slice(0, 16)}`}`,
    ...(cosigned === null || cosigned.by.length === 0
      ? []
      : [`witnesses the head of ${cosigned.size} entries, by ${cosigned.by.map(seen).join(", ")}`]),
    `sessions  ${checked.sessions}, of these ${report.open.length} without an end yet, ${report.recovered.length} closed by recovery`,
    `events    ${checked.events}, numbered and chained`,
    ...(checked.approved === 0
      ? []
      : [`approvals ${checked.approved} commands ran by one, each as it was asked for, agreed to by others, in time`]),
    ...(checked.decisions === 0 ? [] : [`decisions ${checked.decisions} made again, each as it was recorded`]),
    `objects   ${checked.objects} read (${checked.bytes} bytes)`,
    ...(checked.locks === 0
      ? []
      : [`locks     ${checked.locks} objects are held in compliance mode, as long as promised`]),
    ...report.notes.map((note) => `note      ${note}`),
  ];
  if (bad === null) return [...lines, "ok        nothing was changed, removed, inserted or reordered"];
  return [
    ...lines,
    "BAD       the first bad place:",
    `  object  ${bad.key}`,
    ...(bad.session === undefined ? [] : [`  session ${bad.session}`]),
    ...(bad.line === undefined ? [] : [`  line    ${bad.line}`]),
    ...(bad.seq === undefined ? [] : [`  event   ${bad.seq}`]),
    `  what    ${bad.what}`,
  ];
}
