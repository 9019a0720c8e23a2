// What sessions showed of whom, statement by statement.
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";

/** What one run of a statement showed in clear. */
export interface Showing {
  readonly session: string;
  readonly target: string;
  /** Milliseconds since the epoch, of the first row that did. */
  readonly time: number;
  readonly who: string;
  readonly actsFor: string | null;
  readonly email: string | null;
  readonly purpose: string | null;
  readonly address: string;
  readonly application: string;
  /** `seq` of its `statement` event, and its normalized text. */
  readonly ref: number;
  readonly statement: string;
  readonly classes: readonly string[];
  readonly relations: readonly string[];
  /** Hex. */
  readonly subjects: readonly string[];
  /** Rows that showed records of which it cannot be told whose they are. */
  readonly untold: number;
}

interface Opened {
  readonly purpose?: string;
  readonly address: string;
  readonly application: string;
}

/** @param wanted keeps the events that concern the question */
export async function* showings(
  evidence: LocalEvidence,
  so: SessionSummary,
  wanted: (event: Extract<EvidenceEvent, { type: "disclosure" }>) => boolean,
): AsyncGenerator<Showing> {
  const texts = new Map<number, string>();
  const open = new Map<number, Showing>();
  let opened: Opened = { address: "", application: "" };
  for await (const { line } of evidence.lines(so)) {
    const { event } = line;
    if (event.type === "session.opened")
      opened = { ...event, address: event.source.address, application: event.application };
    else if (event.type === "statement") texts.set(line.seq, event.text);
    else if (event.type === "disclosure") {
      if (wanted(event)) open.set(event.ref, joined(open.get(event.ref), event, so, opened, line.time, texts));
    } else if (event.type === "finished") {
      const done = open.get(event.ref);
      if (done !== undefined) yield done;
      open.delete(event.ref);
    }
  }
  // Those that did not come to their end.
  yield* open.values();
}

function joined(
  before: Showing | undefined,
  event: Extract<EvidenceEvent, { type: "disclosure" }>,
  so: SessionSummary,
  opened: Opened,
  time: number,
  texts: ReadonlyMap<number, string>,
): Showing {
  const all = (known: readonly string[] | undefined, more: readonly string[]) =>
    [...new Set([...(known ?? []), ...more])].sort();
  return {
    session: so.session,
    target: so.target,
    time: before?.time ?? time,
    who: so.principal?.name ?? "",
    actsFor: so.principal?.actsFor ?? null,
    email: so.principal?.email ?? null,
    purpose: opened.purpose ?? null,
    address: opened.address,
    application: opened.application,
    ref: event.ref,
    statement: texts.get(event.ref) ?? "",
    classes: all(before?.classes, event.classes),
    relations: all(before?.relations, event.relations),
    subjects: all(before?.subjects, event.subjects),
    untold: (before?.untold ?? 0) + event.untold,
  };
}
