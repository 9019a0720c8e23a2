// Who asks. A Principal is made only from a verified token (see fargate-proxy/src/ports/identity.ts).

export type PrincipalKind = "person" | "workload" | "agent";

export interface Principal {
  readonly kind: PrincipalKind;
  /** The unique name, equal to the user name in the protocol's start-up message (45 CFR 164.312(a)(2)(i)). */
  readonly name: string;
  readonly issuer: string;
  /** The token's `sub`; for an agent, the actor's (RFC 8693 section 4.1, `act.sub`). */
  readonly subject: string;
  readonly email?: string;
  readonly groups: readonly string[];
  /** Authentication methods, RFC 8176 (`amr`). */
  readonly amr: readonly string[];
  /** Seconds since the epoch (`auth_time`), when the token says so. */
  readonly authTime?: number;
  /** For an agent: the name of the person it acts for. */
  readonly actsFor?: string;
  /** Seconds since the epoch: after it, no new session. */
  readonly expiresAt: number;
  /** The token's `jti`, when it has one: links evidence to the issuer's own log. */
  readonly tokenId?: string;
}
