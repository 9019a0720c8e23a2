// Every event of the evidence. These are the words the gate uses; `line.ts` writes them as one canonical OCSF line.
// No event holds a literal, a bind value, a token or a cell.
import type { RelationFact, StatementKind } from "../facts.ts";
import type { Principal } from "../identity.ts";
import type { MaskTally } from "../masking/types.ts";

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
    }
  /** A statement that this session was already judged for runs (again). `ref` is the `seq` of its `statement` event. */
  | {
      readonly type: "execute";
      readonly phase: "query" | "execute" | "prepare";
      readonly ref: number;
      readonly decision: DecisionSummary | null;
      readonly binds: number;
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
  | { readonly type: "policy.in_force"; readonly version: string; readonly previous: string | null }
  | { readonly type: "revocation.entered"; readonly identity: string; readonly by: string; readonly reason: string };

/** What all events of a session share. */
export interface SessionIdentity {
  readonly session: string;
  readonly target: string;
  readonly protocol: string;
  /** Null for a login that was refused before the identity was proven, and for the gateway's own log. */
  readonly principal: Principal | null;
}
