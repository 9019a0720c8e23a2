// Every event of the evidence. These are the words the gate uses; `line.ts` writes them as one canonical OCSF line.
// No event holds a literal, a bind value, a token or a cell.

import type { GlassChange } from "../approval/break-glass.ts";
import type { Incident } from "../approval/store.ts";
import type {
  Answer,
  ApprovalChange,
  ApprovalMode,
  ApprovalStatus,
  Approver,
  Requester,
  Through,
} from "../approval/types.ts";
import type { RelationFact, StatementKind } from "../facts.ts";
import type { Principal } from "../identity.ts";
import type { NotInspected } from "../masking/inspection.ts";
import type { MaskTally } from "../masking/types.ts";
import type { InForce, PolicyFiles } from "../policy/push/types.ts";
import type { Head, ReviewChange, Totals } from "../review/types.ts";
import type { Asked } from "./asked.ts";
import type { OfficerWord } from "./officers.ts";

export interface Source {
  readonly address: string;
  readonly port: number;
}

export interface FactsSummary {
  readonly kind: StatementKind;
  readonly complete: boolean;
  readonly gaps: readonly string[];
  readonly relations: readonly Pick<RelationFact, "relation" | "actions">[];
}

export interface DecisionSummary {
  readonly outcome: "permit" | "refuse" | "hold";
  readonly policies: readonly string[];
  readonly why: string;
  readonly version: string;
  readonly reveal: readonly string[];
}

/** Why a command that needs an approval may run. */
export interface ApprovalUse {
  /** Of the request. */
  readonly id: string;
  /** Hex SHA-256 of exactly the command that runs. */
  readonly digest: string;
  /** Hex SHA-256 of who, where and the facts: what a window covers. Absent in older evidence. */
  readonly factsDigest?: string;
  readonly requester: Pick<Requester, "name" | "issuer" | "subject" | "actsFor">;
  readonly needed: readonly { readonly group: string; readonly quorum: number }[];
  /** Groups whose people could stand in for others. */
  readonly escalated: readonly { readonly group: string; readonly to: string }[];
  readonly answers: readonly (Pick<Answer, "decision" | "channel" | "authentication"> &
    Pick<Approver, "name" | "issuer" | "subject" | "groups"> & { readonly at: number })[];
  readonly approvedAt: number;
  readonly validUntil: number;
  readonly through?: Through;
}

/** Whose records a result showed in clear, before the rows that did so left. Subjects are keyed HMACs (disclosure/subject.ts). */
export interface DisclosureEvent {
  readonly type: "disclosure";
  /** `seq` of the `statement` event whose result it is. */
  readonly ref: number;
  /** What subjects are; null when they cannot be told. */
  readonly domain: string | null;
  /** Classes of what was shown in clear, and the relations that it is of. */
  readonly classes: readonly string[];
  readonly relations: readonly string[];
  /** Of the key that the HMACs are made with. */
  readonly keyVersion: number;
  /** Hex, 32 digits each. Some may be in an earlier event of the same result, too. */
  readonly subjects: readonly string[];
  /** False when rows showed records of which it cannot be told whose they are. */
  readonly complete: boolean;
  /** How many such rows, beyond those of earlier events of the same result. */
  readonly untold: number;
}

/** Who changed the policy, and who agreed. Times are milliseconds since the epoch. */
export interface PushSummary extends Pick<InForce, "previous" | "by" | "approvedBy" | "reason" | "from" | "since"> {
  /** Of the push, and of the request that asked for it. */
  readonly id: string;
}

export type EvidenceEvent =
  | {
      readonly type: "session.opened";
      readonly source: Source;
      readonly application: string;
      readonly purpose?: string;
      readonly tls: string;
      readonly authentication: string;
      readonly credential: string;
      /** Version of the key that pseudonyms in this session are made with; absent in older evidence. */
      readonly pseudonymKey?: number;
      /** Originals are kept sealed, or only commitments to what masks hid; absent in older evidence, which has neither. */
      readonly sealed?: "on" | "off";
      /** Version of the key of the disclosures that are recorded; absent where none are, and in older evidence. */
      readonly disclosureKey?: number;
    }
  /** A login that did not become a session. `claimed` is the user name as the client gave it. */
  | {
      readonly type: "session.refused";
      readonly source: Source;
      readonly claimed: string;
      readonly code: string;
      readonly why: string;
    }
  /** A statement was judged for the first time in this session: text, facts, decision. Durable before its bytes move. */
  | {
      readonly type: "statement";
      readonly phase: "query" | "prepare";
      readonly text: string;
      readonly fingerprint: string;
      readonly facts: readonly FactsSummary[];
      readonly decision: DecisionSummary;
      /** What the decision was made of. Absent in older evidence, and where nobody was asked. */
      readonly asked?: Asked;
    }
  /** A statement that this session was already judged for runs (again). `ref` is the `seq` of its `statement` event. */
  | {
      readonly type: "execute";
      readonly phase: "query" | "execute" | "prepare";
      readonly ref: number;
      readonly decision: DecisionSummary | null;
      readonly binds: number;
      /** Of a command that policy holds. */
      readonly approval?: ApprovalUse;
      /** It goes on with a portal that was approved and stopped half way. */
      readonly continues?: true;
    }
  /** A command needs an approval, and asks for it; `joined` when the request is one from before. */
  | {
      readonly type: "approval.requested";
      readonly ref: number;
      readonly id: string;
      readonly digest: string;
      readonly mode: ApprovalMode;
      readonly needed: readonly string[];
      readonly until: number;
      readonly joined: boolean;
    }
  /** Something became of a request, in whichever process: kept in the gateway's own log. */
  | {
      readonly type: "approval.changed";
      readonly id: string;
      readonly digest: string;
      readonly factsDigest?: string;
      readonly requester: string;
      readonly target: string;
      readonly status: ApprovalStatus;
      readonly change: ApprovalChange;
    }
  /** Somebody went ahead by breaking the glass, or it was reviewed, or the review is overdue. */
  | {
      readonly type: "break-glass.changed";
      readonly id: string;
      readonly target: string;
      readonly by: string;
      readonly reason: string;
      readonly until: number;
      readonly change: GlassChange;
    }
  /** An answer that did not count, or a callback that nobody signed. */
  | {
      readonly type: "approval.incident";
      readonly what: Incident["type"];
      readonly at: number;
      readonly why: string;
      readonly channel: string;
      readonly request?: string;
      readonly by?: string;
    }
  | {
      readonly type: "finished";
      readonly ref: number;
      readonly tag: string;
      readonly rows: number;
      readonly bytes: number;
      readonly sqlstate: string;
      readonly micros: number;
      readonly masks: readonly MaskTally[];
      /** The request whose approval let it run. */
      readonly approval?: string;
    }
  | {
      readonly type: "refused";
      readonly ref: number | null;
      readonly code: string;
      readonly sqlstate: string;
      readonly why: string;
    }
  | { readonly type: "violation"; readonly code: string; readonly why: string }
  | {
      readonly type: "session.closed";
      readonly reason: string;
      readonly statements: number;
      readonly rows: number;
      readonly bytes: number;
    }
  /** Written by recovery for a session whose process died. */
  | { readonly type: "session.recovered"; readonly reason: string }
  | {
      readonly type: "policy.in_force";
      readonly version: string;
      readonly previous: string | null;
      /** How it came into force; absent for a bundle that was deployed with the gateway, and in older evidence. */
      readonly push?: PushSummary;
      /** The bundle itself; absent in older evidence. */
      readonly files?: PolicyFiles;
    }
  | { readonly type: "revocation.entered"; readonly identity: string; readonly by: string; readonly reason: string }
  /** The target refused the credential that the session was opened with: it was tried with this version, the newest. */
  | { readonly type: "credential.renewed"; readonly credential: string }
  /** Free texts of a result that could not be inspected, and were hidden whole. */
  | {
      readonly type: "inspection.failed";
      readonly ref: number;
      readonly texts: number;
      readonly why: NotInspected;
    }
  | DisclosureEvent
  /** Statements of the gateway's own that may run beside a command, in its transaction; BEGIN, COMMIT and ROLLBACK go with them. */
  | { readonly type: "side"; readonly ref: number; readonly texts: readonly string[] }
  | ImagesEvent
  /** Two officers agreed: what a session has sealed is opened, or its key destroyed, until then. Kept in the gateway's own log, and before it is done. */
  | {
      readonly type: "sealed.opened" | "sealed.shredded";
      readonly id: string;
      /** Of which session. */
      readonly of: string;
      readonly target: string;
      readonly asked: OfficerWord;
      readonly agreed: OfficerWord;
      readonly until: number;
    }
  /** A sample of the sessions of a period is to be looked at; somebody was told, or attests that they looked; or nobody has in time. */
  | {
      readonly type: "activity-review.changed";
      readonly id: string;
      readonly since: number;
      readonly until: number;
      /** Of the ledger: what the sample follows from. */
      readonly head: Head;
      readonly totals: Totals;
      /** Ids of sessions. */
      readonly sample: readonly string[];
      readonly dueAt: number;
      readonly change: ReviewChange;
    };

/** Rows before and after a write to what holds PHI; the rows themselves are sealed. */
export interface ImagesEvent {
  readonly type: "images";
  /** `seq` of the event of the run. */
  readonly ref: number;
  readonly relation: string;
  /** How many; null when they were not kept. */
  readonly before: number | null;
  readonly after: number | null;
  /** Rows that the target says it changed, less those before (of an INSERT, less those found after it; of a MERGE, less those before and those that it was to insert): others changed them in between. */
  readonly difference?: number | null;
  /** There were more than may be kept. */
  readonly beyond?: boolean;
  /** By which request it was let go beyond: durable before it ran. */
  readonly approval?: ApprovalUse;
  /** Why rows are not kept. */
  readonly why?: string;
}

/** What all events of a session share. */
export interface SessionIdentity {
  readonly session: string;
  readonly target: string;
  readonly protocol: string;
  /** Null for a login that was refused before the identity was proven, and for the gateway's own log. */
  readonly principal: Principal | null;
}
