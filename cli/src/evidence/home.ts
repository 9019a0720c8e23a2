// What the commands that read evidence have in common.
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { stateDirectory } from "../settings.ts";

/** Runs a command on the evidence of this home; says in one line what went wrong. */
export async function withEvidence(action: (evidence: LocalEvidence) => Promise<void>): Promise<void> {
  // Whoever reads the output may have seen enough (`| head`).
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  let evidence: LocalEvidence | null = null;
  try {
    evidence = new LocalEvidence(stateDirectory());
    await action(evidence);
  } catch (error) {
    process.stderr.write(`postern: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    evidence?.close();
  }
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
  if (Number.isNaN(time)) throw new Error(`${text} is not a time; write 2026-11-20, 2026-11-20T14:00Z, 30m, 2h or 7d`);
  return time;
}

/** `2026-11-20 14:00:00Z` */
export function formatTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
