// A request that people agree to one command, and all that became of it. Plain JSON: it crosses the wire, and it is what the stores keep.
// Nothing here holds a literal that may be PHI, a bind value or a token. Times are milliseconds since the epoch.
import type { Principal } from "../identity.ts";

/** `wait`: the command waits in the client. `retry`: it is refused for now, and the same command runs once it is approved. */
export type ApprovalMode = "wait" | "retry";

/** Where people are asked, and where they answer. The console is the store itself: `postern approvals`. */
export type Channel = "slack" | "email" | "console";

export interface GroupRules {
  /** Distinct people of the group who must agree. */
  readonly quorum: number;
  readonly channels: readonly Channel[];
  /** Slack's id of the conversation that is asked. */
  readonly slack?: string;
  /** The address that is asked. */
  readonly email?: string;
  readonly timeoutMinutes: number;
  /** When the quorum is not there after so long, people of `to` may stand in. */
  readonly escalation?: { readonly afterMinutes: number; readonly to: string };
}

/**
 * What policy asked for when the request was opened. A later version changes no open request; one that asks for more (`satisfies` in rules.ts) is
 * not met by it.
 */
export interface ApprovalRules {
  /** Groups that must all agree. */
  readonly needed: readonly string[];
  /** The groups that are needed, and those that may stand in. */
  readonly groups: Readonly<Record<string, GroupRules>>;
  /** For how long an approved command may be run. */
  readonly onceMinutes: number;
  /** The longest that commands with the same facts may be let through; 0 when never. */
  readonly windowMinutes: number;
}

/** Who asks: from the verified token. `groups` do not matter; `actsFor` does. */
export type Requester = Pick<Principal, "kind" | "name" | "issuer" | "subject" | "email" | "actsFor">;

/** Who answers: from a verified token, or from the identity provider's directory. */
export type Approver = Pick<Principal, "kind" | "name" | "issuer" | "subject" | "email" | "groups">;

/** An earlier request with the same facts, as an approver sees it. */
export interface SimilarRequest {
  readonly id: string;
  readonly requester: string;
  readonly status: ApprovalStatus;
  readonly createdAt: number;
}

export interface ApprovalRequest {
  /** A ULID, made by whoever asks. The same id is the same request, however often it is opened. */
  readonly id: string;
  readonly session: string;
  readonly target: string;
  readonly requester: Requester;
  /** Hex SHA-256 of exactly what runs: who, where, statement bytes, bind values, search_path, role, catalog. */
  readonly digest: string;
  /** Hex SHA-256 of who, where and the facts: what a window covers. */
  readonly facts: string;
  readonly mode: ApprovalMode;
  readonly rules: ApprovalRules;
  /** The facts in words. */
  readonly what: string;
  /** The statement, normalized. Literals are left out, but for those that are known to be no PHI. */
  readonly statement: string;
  /** Null where the question makes no sense. */
  readonly hasWhere: boolean | null;
  /** Classes of PHI that are touched. */
  readonly classes: readonly string[];
  /** What the planner expects, where it could be asked. */
  readonly estimatedRows?: number;
  /** The stated purpose of use. */
  readonly purpose?: string;
  /** Policies that hold the command, and the version of their bundle. */
  readonly policies: readonly string[];
  readonly version: string;
  readonly createdAt: number;
}

/**
 * `open` until it is decided. `approved` until it was `spent`, or its time has passed. All others are final:
 * a request that reached one of them never runs (again).
 */
export type ApprovalStatus = "open" | "approved" | "denied" | "expired" | "cancelled" | "spent";

export interface Answer {
  readonly by: Approver;
  readonly decision: "approve" | "deny";
  readonly reason: string;
  readonly channel: Channel;
  /** How it is known who answers: `oidc`, or `slack-signature`. */
  readonly authentication: string;
  /** Let commands with the same facts run for so long, not this one alone. Ignored beyond what the rules allow. */
  readonly windowMinutes?: number;
}

/** Why an answer did not count. The request is as it was. */
export type AnswerRefusal =
  | "requester"
  | "not-a-person"
  | "not-a-member"
  | "answered-already"
  | "expired"
  | "decided-already"
  | "revoked"
  | "requester-revoked"
  | "unknown-request";

/** What lets a request through without new answers. */
export interface Through {
  readonly kind: "window" | "break-glass";
  /** Of the request whose approval opened the window, or of the break-glass. */
  readonly id: string;
}

/** What became of a request, one entry for each thing that happened. The first is `opened`; entries are only ever added. */
export type ApprovalChange = { readonly at: number } & (
  | { readonly type: "opened" }
  /** `ref` is the channel's own name of the message, to change it later. */
  | { readonly type: "notified"; readonly group: string; readonly channel: Channel; readonly ref?: string }
  /** `why` is in words and holds no data. */
  | {
      readonly type: "notification-failed";
      readonly group: string;
      readonly channel: Channel;
      readonly why: string;
    }
  | { readonly type: "answered"; readonly answer: Answer }
  | { readonly type: "escalated"; readonly group: string; readonly to: string }
  | {
      readonly type: "approved";
      /** Who counted for which group. Empty when it was let through. */
      readonly counted: readonly { readonly group: string; readonly name: string }[];
      readonly through?: Through;
      /** Until then the command may be run, once. */
      readonly validUntil: number;
      /** Until then requests with the same facts are let through. */
      readonly windowUntil?: number;
    }
  | { readonly type: "denied"; readonly by: string; readonly reason: string }
  /** Nobody decided in time, or what was approved was not run in time. */
  | { readonly type: "expired" }
  | { readonly type: "cancelled"; readonly by: string; readonly why: string }
  | { readonly type: "spent"; readonly session: string }
);

export interface ApprovalState {
  readonly request: ApprovalRequest;
  readonly status: ApprovalStatus;
  readonly history: readonly ApprovalChange[];
  /** When it expires by itself: while open, without a decision; once approved, without being run. */
  readonly until: number;
  readonly similar: readonly SimilarRequest[];
}
