// What policy says of a command.
import type { Facts } from "./facts.ts";
import type { Principal } from "./identity.ts";

export interface DecisionRequest {
  readonly principal: Principal;
  readonly target: string;
  /** `connect` judges the session as such; `command` judges facts. */
  readonly question: { readonly type: "connect" } | { readonly type: "command"; readonly facts: readonly Facts[] };
  readonly purpose?: string;
  /** Relations that are not, at the target, what the bundle's catalog says they are: all that they hold counts as unclassified. */
  readonly outOfStep?: readonly string[];
  /** Source address, without port. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface Obligation {
  readonly type: "approval" | "reason";
  /** For `approval`: groups of which people must agree. */
  readonly groups: readonly string[];
}

export interface Decision {
  readonly outcome: "permit" | "refuse" | "hold";
  /** Ids of the Cedar policies that made it; empty for default deny. */
  readonly policies: readonly string[];
  /** For a refusal: which action on which resource, in words; never a literal of the statement. */
  readonly why: string;
  /** What the user can do about a refusal. */
  readonly hint?: string;
  readonly obligations: readonly Obligation[];
  /** Classes of PHI that this principal sees in clear in this command. */
  readonly reveal: readonly string[];
  /** Version of the policy bundle (hex SHA-256 of its canonical content). */
  readonly version: string;
  /** How long an equal request may be answered with this decision; 0 when a policy looks at the time. */
  readonly cacheSeconds: number;
}
