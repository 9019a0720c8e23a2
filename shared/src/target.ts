// A protected system, as targets.yaml describes it.

export interface TargetLimits {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  readonly connections: number;
  readonly connectionsPerPrincipal: number;
  /** UTF-8 bytes of one statement. */
  readonly statementBytes: number;
}

export interface Target {
  readonly name: string;
  readonly protocol: "postgres";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The gateway's own role at the target. */
  readonly user: string;
  /** `disable` is allowed for loopback addresses only. */
  readonly tls: { readonly mode: "verify-full" | "disable"; readonly caFile?: string; readonly serverName?: string };
  /** Where the credential is; never the credential. */
  readonly credential: { readonly type: "file"; readonly path: string };
  /** Originals (statements, what masks hide) are kept sealed, or only commitments to the cells that masks hide. */
  readonly sealed: "on" | "off";
  readonly limits: TargetLimits;
  readonly labels: Readonly<Record<string, string>>;
}
