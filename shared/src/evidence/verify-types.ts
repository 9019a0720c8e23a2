// The words of verification: what it asks for, what it is given, what it says.
import type { Decision, DecisionRequest } from "../decision.ts";
import type { PolicyFiles } from "../policy/push/types.ts";
import type { CheckpointTools, VerifierKey } from "./checkpoint.ts";
import type { Disclosed } from "./disclosure.ts";
import type { EvidenceLine } from "./line-read.ts";
import type { ObjectRecord } from "./segment.ts";
import type { SessionSummary } from "./summary.ts";
import type { WitnessPolicy } from "./witness-policy.ts";

/** A head of the ledger, for comparison with a later one. */
export interface KnownHead {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** A head that carries cosignatures. */
export interface CosignedHead extends KnownHead {
  /** Names of keys that have signed beside the ledger's; not verified. */
  readonly claimed: readonly string[];
  /** Witnesses of the policy that have, with the times that they gave. */
  readonly by: readonly { readonly name: string; readonly time: number }[];
}

/** A policy that can be asked again. */
export interface Decider {
  readonly version: string;
  decide(request: DecisionRequest): Decision;
}

/** Null when its files are none that this program can use. */
export type DeciderOf = (files: PolicyFiles) => Decider | null;

export interface EvidenceReader {
  /** All objects whose key starts with `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<{ readonly key: string }>;
  get(key: string): Promise<Uint8Array | null>;
}

export interface VerifyTools extends CheckpointTools {
  /** One Zstandard frame. @throws when it is damaged */
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

export type Scope =
  | { readonly type: "all" }
  | { readonly type: "session"; readonly session: string }
  /** Sessions that began on these days (UTC, inclusive, `YYYY-MM-DD`). */
  | { readonly type: "days"; readonly since: string; readonly until: string };

export interface VerifyRequest {
  readonly scope: Scope;
  readonly verifierKey: VerifierKey;
  /** A head of the ledger that was seen before: what it covered must be there still. */
  readonly known?: KnownHead;
  /** What a journal holds, if the reader can see one. */
  pending(): Promise<Pending>;
  /** Waits for a writer to finish what it is about; asked once, when something looks unfinished. */
  settle(): Promise<void>;
  /** An index to hold against the evidence; looked at when all of it is read. */
  readonly index?: IndexCheck;
  /** Who can ask a policy again; without it no decision is made again. */
  readonly deciderOf?: DeciderOf;
  progress?(done: number, total: number): void;
  /** Witnesses that have to have cosigned the ledger; without it their cosignatures are not checked. */
  readonly witnesses?: WitnessPolicy;
  /** Where the store has locks; null when they are not to be looked at. */
  readonly locks?: LockCheck | null;
  /** Is the key of what this session has sealed still there? Asked where somebody can tell. */
  hasKey?(session: string): Promise<boolean>;
}

/** What is durable in a journal and may not be under the ledger yet. */
export interface Pending {
  /** By session, in order. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** Objects that the writer announced before it stored them. */
  readonly announced: readonly ObjectRecord[];
}

export interface ObjectLock {
  /** `COMPLIANCE`, `GOVERNANCE`; null when nothing holds the object. */
  readonly mode: string | null;
  /** Milliseconds since the epoch; null when nothing holds the object. */
  readonly until: number | null;
  readonly written: number;
}

export interface LockCheck {
  /** How long an object is promised to be held: from the day on which its session began, and of the ledger's from when it was written. */
  readonly days: number;
  /** Of the newest version of an object; null when there is none. */
  lock(key: string): Promise<ObjectLock | null>;
  progress?(done: number, total: number): void;
}

/** The first place that is not as it was written. */
export interface BadPlace {
  /** Object, or `journal`. */
  readonly key: string;
  readonly session?: string;
  /** 1-based line of the object. */
  readonly line?: number;
  readonly seq?: number;
  readonly what: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly bad: BadPlace | null;
  /** The head that was verified; null when it was bad. */
  readonly head: KnownHead | null;
  /** The newest head that is kept with cosignatures; null when there is none, or it was bad. */
  readonly cosigned: CosignedHead | null;
  readonly checked: Tally;
  /** Sessions without an end: they run, or recovery has not come to them yet. */
  readonly open: readonly string[];
  /** Sessions whose process died and that recovery closed. */
  readonly recovered: readonly string[];
  /** What could not be checked, and why. */
  readonly notes: readonly string[];
}

export interface Tally {
  ledgerEntries: number;
  sessions: number;
  events: number;
  /** Of `events`: durable in the journal, not yet under the ledger. */
  pendingEvents: number;
  /** Commands that ran by an approval. */
  approved: number;
  /** Decisions that were made again. */
  decisions: number;
  objects: number;
  bytes: number;
  /** Objects whose lock was looked at. */
  locks: number;
}

export function emptyTally(): Tally {
  return {
    ledgerEntries: 0,
    sessions: 0,
    events: 0,
    pendingEvents: 0,
    approved: 0,
    decisions: 0,
    objects: 0,
    bytes: 0,
    locks: 0,
  };
}

export class BadEvidence extends Error {
  readonly place: BadPlace;
  constructor(place: BadPlace) {
    super(place.what);
    this.place = place;
  }
}

/** An index that is held against what verification reads. */
export interface IndexCheck {
  /** What an index has to know of a session: its rows, made anew. */
  add(so: SessionSummary, disclosed: readonly Disclosed[]): void;
  /**
   * Called at the end.
   * @param running sessions that were not wholly in the store when it was read
   * @param entries of the ledger when it was read: sessions that have one beyond are not compared
   * @returns the first session that the index knows otherwise, or alone, or not at all; null when there is none
   */
  difference(
    running: ReadonlySet<string>,
    entries: number,
  ): Promise<{ readonly session: string; readonly what: string } | null>;
}

/** What a verification gathers on its way. */
export interface Walk {
  readonly reader: EvidenceReader;
  readonly tools: VerifyTools;
  readonly checked: Tally;
  readonly open: string[];
  readonly recovered: string[];
  readonly notes: string[];
  /** Looks at approvals across sessions (verify-approvals.ts). */
  readonly approvals: { saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void };
  /** Looks at policies in force (verify-policy.ts). */
  readonly policies: { saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void };
  /** Makes decisions again (verify-decisions.ts). */
  readonly decisions: { saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void };
  /** Looks at whose records were shown, session by session (verify-disclosures.ts). */
  readonly disclosures: { saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void };
  /** Looks at what officers agreed on, and at sealed lanes (verify-shredded.ts). */
  readonly shredding: {
    saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void;
    sawLane(session: string): void;
  };
  /** Makes an index anew (verify-index.ts). */
  readonly index: { saw(line: EvidenceLine, place: Omit<BadPlace, "what">): void } | null;
  step(): void;
}

/** The objects of one session, by lane and in order. */
export interface SessionObjects {
  readonly events: ObjectRecord[];
  readonly recordings: ObjectRecord[];
  readonly sealed: ObjectRecord[];
}
