// postern bundle: sessions and all that is needed to verify them, in one file for somebody who does not trust us.
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import type { Command } from "commander";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { BUNDLE_FORMAT, type BundleHead } from "#shared/evidence/bundle.ts";
import { openCheckpoint } from "#shared/evidence/checkpoint.ts";
import { CHECKPOINT_KEY, COSIGNED_KEY } from "#shared/evidence/ledger.ts";
import { readEntries } from "#shared/evidence/ledger-entries.ts";
import { type ObjectRecord, parseKey } from "#shared/evidence/segment.ts";
import { bundleLines } from "./evidence/bundle-file.ts";
import { parseTime, print, withEvidence } from "./evidence/home.ts";
import { Problem } from "./problem.ts";

interface Options {
  readonly output?: string;
  readonly since?: string;
  readonly until?: string;
  readonly force?: true;
  readonly json?: true;
}

export function registerBundle(program: Command): void {
  program
    .command("bundle")
    .argument("[session]", "a session's id, the start of it, or `last`; without it, --since or --until")
    .description("write sessions and what is needed to verify them to one file: `postern verify FILE`")
    .option("-o, --output <file>", "where to (default: <session>.bundle.jsonl)")
    .option("--since <time>", "sessions that began on this day or later")
    .option("--until <time>", "sessions that began on this day or earlier")
    .option("--force", "write over a file that exists")
    .option("--json", "what was written, as JSON")
    .action((name: string | undefined, options: Options) =>
      withEvidence(async (evidence) => {
        const { wanted, scope, file } = await selection(evidence, name, options);
        const path = options.output ?? file;
        if (existsSync(path) && !options.force) throw new Problem(`${path} exists`, 2, "Name another, or use --force.");
        const { head, leaves } = await signedLedger(evidence, scope, wanted);
        const objects = leaves.filter(wanted).length;
        if (objects === 0)
          throw new Problem(
            "nothing of that is under the ledger yet",
            1,
            "A running session gets there within seconds.",
          );
        await write(path, bundleLines(evidence, head, leaves, wanted), options.force === true);
        const written = { file: path, objects, scope, key: head.key };
        if (options.json) await print(JSON.stringify(written));
        else for (const line of words(written)) await print(line);
      }),
    );
}

interface Selection {
  readonly wanted: (record: ObjectRecord) => boolean;
  /** In words. */
  readonly scope: string;
  readonly file: string;
}

async function selection(evidence: LocalEvidence, name: string | undefined, options: Options): Promise<Selection> {
  const { since, until } = options;
  if ((name === undefined) === (since === undefined && until === undefined))
    throw new Problem("give a session, or --since and --until", 2);
  if (name !== undefined) {
    const { session } = await evidence.find(name);
    const wanted = (record: ObjectRecord) => isClear(record) && parseKey(record.key)?.session === session;
    return { wanted, scope: `session ${session}`, file: `${session}.bundle.jsonl` };
  }
  const day = (text: string) => new Date(parseTime(text)).toISOString().slice(0, 10);
  const from = since === undefined ? "0000-00-00" : day(since);
  const to = until === undefined ? "9999-99-99" : day(until);
  const wanted = (record: ObjectRecord) => {
    const date = parseKey(record.key)?.date ?? "";
    return isClear(record) && date >= from && date <= to;
  };
  const scope = `sessions that began ${since === undefined ? "" : `on ${from} or later `}${until === undefined ? "" : `until ${to}`}`;
  return { wanted, scope: scope.trim(), file: `${since === undefined ? "all" : from}.bundle.jsonl` };
}

/** What is sealed stays here: destroying its key must leave no copy that another key could open some day. */
function isClear(record: ObjectRecord): boolean {
  return parseKey(record.key)?.lane !== "sealed";
}

/** The head that witnesses have cosigned, where it covers what is wanted; else the newest. */
async function signedLedger(
  evidence: LocalEvidence,
  scope: string,
  wanted: Selection["wanted"],
): Promise<{ readonly head: BundleHead; readonly leaves: readonly ObjectRecord[] }> {
  const key = await evidence.verifierKey();
  const tools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 };
  const read = async (object: string) => {
    const bytes = await evidence.store.get(object);
    if (bytes === null) return null;
    const checkpoint = Buffer.from(bytes).toString("utf8");
    return { checkpoint, size: openCheckpoint(checkpoint, key, tools).size };
  };
  // In this order: what is cosigned is no larger than what is signed.
  const cosigned = await read(COSIGNED_KEY);
  const signed = await read(CHECKPOINT_KEY);
  if (signed === null) throw new Problem("the ledger has no signed head", 1, "Run `postern verify`.");
  const leaves: ObjectRecord[] = [];
  for await (const { record } of readEntries(evidence.store)) if (leaves.length < signed.size) leaves.push(record);
  const { checkpoint, size } = cosigned !== null && leaves.findLastIndex(wanted) < cosigned.size ? cosigned : signed;
  const head: BundleHead = { format: BUNDLE_FORMAT, key, checkpoint, scope, made: new Date().toISOString() };
  return { head, leaves: leaves.slice(0, size) };
}

async function write(path: string, lines: AsyncIterable<string>, over: boolean): Promise<void> {
  const out = createWriteStream(path, { flags: over ? "w" : "wx", mode: 0o600 });
  const failed = once(out, "error").then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  for await (const line of lines) if (!out.write(`${line}\n`)) await Promise.race([once(out, "drain"), failed]);
  out.end();
  await Promise.race([once(out, "finish"), failed]);
}

function words({ file, objects, scope, key }: { file: string; objects: number; scope: string; key: string }): string[] {
  return [
    `${file}: ${scope}, ${objects} objects, masked as they were sent`,
    "Whoever gets it verifies it with nothing but the ledger's public key:",
    `  postern verify ${file} --key '${key}'`,
    `  node verify-bundle.mjs ${file} '${key}'      (one file without dependencies: cli/verify-bundle.mjs)`,
  ];
}
