// What the commands that read evidence have in common.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bucketReader } from "#proxy/adapters/bucket-evidence.ts";
import { LocalEvidence, NotFound, type SessionFinder } from "#proxy/adapters/local-evidence.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";
import { attempt, Problem } from "../problem.ts";
import { evidenceBucket, stateDirectory } from "../settings.ts";

/** Runs a command on the evidence of this home; says in one line what went wrong. */
export function withEvidence(action: (evidence: LocalEvidence) => Promise<void>): Promise<void> {
  return attempt(async () => {
    const evidence = await openEvidence();
    try {
      await action(evidence);
    } catch (error) {
      throw foreseen(error) ?? error;
    } finally {
      evidence.close();
    }
  });
}

export async function openEvidence(): Promise<LocalEvidence> {
  const state = stateDirectory();
  const elsewhere = evidenceBucket();
  if (elsewhere !== null) {
    const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/.exec(elsewhere.store)?.[1];
    if (bucket === undefined) throw new Problem(`POSTERN_STORE is not s3://BUCKET: ${elsewhere.store}`, 2);
    if (elsewhere.key === "")
      throw new Problem(
        "the ledger of a bucket needs its public key",
        2,
        "Set POSTERN_VERIFIER_KEY to it, or to a file.",
      );
    const key = existsSync(elsewhere.key) ? readFileSync(elsewhere.key, "utf8").trim() : elsewhere.key;
    mkdirSync(state, { recursive: true, mode: 0o700 });
    return new LocalEvidence(state, {
      bucket,
      key,
      reader: bucketReader(bucket),
      index: await indexOf(elsewhere.index),
    });
  }
  if (!existsSync(join(state, "evidence")))
    throw new Problem(
      `there is no evidence in ${state}`,
      3,
      "Start the gateway first (`npm start`), or set POSTERN_STATE.",
    );
  return new LocalEvidence(state);
}

async function indexOf(named: string): Promise<SessionFinder | null> {
  if (named === "") return null;
  const table = /^dynamodb:\/\/([A-Za-z0-9_.-]{3,255})$/.exec(named)?.[1];
  if (table === undefined) throw new Problem(`POSTERN_INDEX is not dynamodb://TABLE: ${named}`, 2);
  // The service's client takes longer to load than most commands to run.
  const { tableReader } = await import("#proxy/adapters/table-index.ts");
  return tableReader(table);
}

function foreseen(error: unknown): Problem | undefined {
  if (error instanceof NotFound) return new Problem(error.message, 1);
  if (error instanceof BadEvidence)
    return new Problem(`${error.place.key}: ${error.place.what}`, 1, "Run `postern verify` for the whole picture.");
  return undefined;
}

/** Writes a line, and waits while the reader is behind. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `2026-11-20`, `2026-11-20T14:00Z`, or how long ago: `30m`, `2h`, `7d`. @returns milliseconds since the epoch */
export function parseTime(text: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Date.now() - Number(count) * (UNITS[unit] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new Problem(`${text} is not a time`, 2, "Write 2026-11-20, 2026-11-20T14:00Z, 30m, 2h or 7d.");
  return time;
}

/** `2026-11-20 14:00:00Z` */
export function formatTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
