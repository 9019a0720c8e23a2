// A protected system, as targets.yaml describes it.

export interface ImageRules {
  /** Of one relation, before or after one command. */
  readonly rows: number;
  /** What becomes of a command that would change more: no, or only their number is kept, or that once people of all these groups agree. */
  readonly beyond: "refuse" | "count" | { readonly ask: readonly string[] };
  /** The same of commands whose rows before cannot be told. */
  readonly otherwise: "refuse" | "count";
}

/** Groups of which people are asked about a command that would change more rows than are kept. */
export function askedBeyond(images: ImageRules | "off"): readonly string[] {
  return images === "off" || typeof images.beyond === "string" ? [] : images.beyond.ask;
}

export interface TargetLimits {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  readonly connections: number;
  readonly connectionsPerPrincipal: number;
  /** UTF-8 bytes of one statement. */
  readonly statementBytes: number;
}

export type TargetCredential =
  | { readonly type: "file"; readonly path: string }
  /** In AWS Secrets Manager, by name or ARN: a JSON object with this field, or the password itself. */
  | { readonly type: "secret"; readonly id: string; readonly field: string }
  /** RDS takes a token that the gateway's own AWS role signs. The region is the gateway's when left out. */
  | { readonly type: "rds-iam"; readonly region?: string | undefined };

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
  readonly credential: TargetCredential;
  /** Originals (statements, what masks hide) are kept sealed, or only commitments to the cells that masks hide. */
  readonly sealed: "on" | "off";
  /** Rows before and after writes to what holds PHI are kept. */
  readonly images: ImageRules | "off";
  readonly limits: TargetLimits;
  /** Is it recorded whose records results show in clear? `result`: as far as the result itself tells; `companion`: keys that it lacks are asked for beside it. */
  readonly disclosures: "result" | "companion" | "off";
  readonly labels: Readonly<Record<string, string>>;
}
