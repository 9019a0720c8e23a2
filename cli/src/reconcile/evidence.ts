// What the evidence says that a session ran, as reconciling asks for it.
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { Opening } from "#shared/reconcile/cloudtrail.ts";
import { bare } from "#shared/reconcile/logged.ts";
import { executionIn } from "#shared/reconcile/pgaudit.ts";
import type { Recorded, Run } from "#shared/reconcile/recorded.ts";

interface OwnRun {
  readonly from: number;
  until: number;
}

/**
 * Null when there is no evidence of such a session at the target.
 * @param partsOf cuts a text into its statements
 */
export async function recordedOf(
  evidence: LocalEvidence,
  session: string,
  target: string,
  partsOf: (text: string) => readonly string[],
): Promise<Recorded | null> {
  const found = await evidence.find(session).catch(() => null);
  if (found === null || found.session !== session || found.target !== target) return null;
  const texts = new Map<number, string>();
  const whole = new Map<string, Run[]>();
  /** Runs that are not over, by their statement: they end in the order in which they began. */
  const running = new Map<number, OwnRun[]>();
  let closed = Number.POSITIVE_INFINITY;
  const ran = (text: string, from: number, ref: number | null) => {
    const run = { from, until: Number.POSITIVE_INFINITY };
    append(whole, bare(text), run);
    if (ref !== null) append(running, ref, run);
  };
  for await (const { line } of evidence.lines(found)) {
    const { event, seq, time } = line;
    if (event.type === "statement") {
      texts.set(seq, event.text);
      // One that was held is announced once more when it runs.
      if (event.phase === "query" && event.decision.outcome === "permit") ran(event.text, time, seq);
    } else if (event.type === "side")
      for (const text of [...event.texts, "BEGIN", "COMMIT", "ROLLBACK"]) ran(text, time, null);
    else if (event.type === "execute" && event.phase !== "prepare") ran(texts.get(event.ref) ?? "", time, event.ref);
    else if (event.type === "finished") {
      const run = running.get(event.ref)?.shift();
      if (run !== undefined) run.until = time;
    } else if (event.type === "session.closed" || event.type === "session.recovered") closed = time;
  }
  return { closed, whole, parts: inParts(whole, partsOf) };
}

/** Every opening of what sessions have sealed that two officers agreed to; it is in the gateway's own log. */
export async function openingsIn(evidence: LocalEvidence): Promise<readonly Opening[]> {
  const found: Opening[] = [];
  for (const so of await evidence.sessions({})) {
    if (so.principal !== null) continue;
    for await (const { line } of evidence.lines(so))
      if (line.event.type === "sealed.opened")
        found.push({ of: line.event.of, from: line.time, until: line.event.until });
  }
  return found;
}

function inParts(whole: ReadonlyMap<string, Run[]>, partsOf: (text: string) => readonly string[]): Map<string, Run[]> {
  const parts = new Map<string, Run[]>();
  for (const [text, runs] of whole) {
    const pieces = partsOf(text).map(bare);
    const byName = pieces.flatMap((piece) => executionIn(piece) ?? []);
    const names = pieces.length === 1 ? [text, ...byName] : [...pieces.map(() => text), ...pieces, ...byName];
    for (const name of names) for (const run of runs) append(parts, name, run);
  }
  return parts;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
