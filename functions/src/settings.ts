// The one place where functions read the environment: what the infrastructure tells them.
import { resolve } from "node:path";
import { CLAIMS, type ClaimMapping } from "#shared/claims.ts";

export interface Settings {
  /** Folder of the policy bundle that is deployed with the function. */
  readonly policy: string;
}

/** @throws when the infrastructure has not set what is needed */
export function settings(): Settings {
  // Deployed with the function, it is named from where the function's code is.
  return { policy: resolve(optional("LAMBDA_TASK_ROOT"), needed("POSTERN_POLICY")) };
}

/** What the functions of the approval workflow share. */
export interface WorkflowSettings {
  /** Name of the table of requests. */
  readonly table: string;
  /** Name of the table of offboarded identities; empty where there is none. */
  readonly revocations: string;
  /** ARN of the state machine; empty for functions that start nothing. */
  readonly workflow: string;
  /** ARN of the secret that holds Slack's and the directory's credentials; empty where neither is used. */
  readonly secret: string;
  readonly slack: { readonly api: string; readonly team: string; readonly app: string };
  /** Base address of the identity provider's directory (SCIM 2.0). */
  readonly directory: string;
  /** Address that mails come from; empty where no mail is sent. */
  readonly mailFrom: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string;
  readonly claims: ClaimMapping;
}

/** @throws when the infrastructure has not set what is needed */
export function workflowSettings(): WorkflowSettings {
  return {
    table: needed("POSTERN_TABLE"),
    revocations: optional("POSTERN_REVOCATIONS"),
    workflow: optional("POSTERN_WORKFLOW"),
    secret: optional("POSTERN_SECRET"),
    slack: {
      api: optional("POSTERN_SLACK_API") || "https://slack.com/api",
      team: optional("POSTERN_SLACK_TEAM"),
      app: optional("POSTERN_SLACK_APP"),
    },
    directory: optional("POSTERN_DIRECTORY"),
    mailFrom: optional("POSTERN_MAIL_FROM"),
    issuer: optional("POSTERN_ISSUER"),
    audience: optional("POSTERN_AUDIENCE"),
    jwks: optional("POSTERN_JWKS"),
    claims: claimMapping(),
  };
}

export interface OfficerSettings {
  /** Name of the table of what officers ask of each other. */
  readonly table: string;
  /** Name of the table of wrapped data keys. */
  readonly sealedKeys: string;
  /** ARN of the KMS key that wraps them. */
  readonly key: string;
  readonly revocations: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string;
  readonly claims: ClaimMapping;
}

/** @throws when the infrastructure has not set what is needed */
export function officerSettings(): OfficerSettings {
  return {
    table: needed("POSTERN_OFFICERS_TABLE"),
    sealedKeys: needed("POSTERN_SEALED_KEYS"),
    key: needed("POSTERN_SEALED_KEY"),
    revocations: needed("POSTERN_REVOCATIONS"),
    issuer: needed("POSTERN_ISSUER"),
    audience: needed("POSTERN_AUDIENCE"),
    jwks: needed("POSTERN_JWKS"),
    claims: claimMapping(),
  };
}

/** What the functions that follow the bucket share. */
export interface EvidenceSettings {
  readonly bucket: string;
  readonly retentionDays: number;
}

/** @throws when the infrastructure has not set what is needed */
export function evidenceSettings(): EvidenceSettings {
  const retentionDays = Number(needed("POSTERN_RETENTION_DAYS"));
  if (!Number.isSafeInteger(retentionDays) || retentionDays < 1)
    throw new Error("POSTERN_RETENTION_DAYS is not a number of days");
  return { bucket: needed("POSTERN_BUCKET"), retentionDays };
}

export interface LedgerSettings {
  /** Name of the table that has the ledger's sequence. */
  readonly table: string;
  /** Name of the ledger, which is the origin of its heads. */
  readonly name: string;
  /** ARN of the KMS key that signs them. */
  readonly key: string;
}

/** @throws when the infrastructure has not set what is needed */
export function ledgerSettings(): LedgerSettings {
  return {
    table: needed("POSTERN_LEDGER_TABLE"),
    name: needed("POSTERN_LEDGER"),
    key: needed("POSTERN_LEDGER_KEY"),
  };
}

export interface WitnessSettings extends Pick<LedgerSettings, "name" | "key"> {
  /** The text of a C2SP tlog-policy. */
  readonly witnesses: string;
}

/** @throws when the infrastructure has not set what is needed */
export function witnessSettings(): WitnessSettings {
  return {
    name: needed("POSTERN_LEDGER"),
    key: needed("POSTERN_LEDGER_KEY"),
    witnesses: needed("POSTERN_WITNESS_POLICY"),
  };
}

/** Name of the table of the index of sessions. @throws when the infrastructure has not set it */
export function indexTable(): string {
  return needed("POSTERN_INDEX_TABLE");
}

/** Name of the function that tells people. @throws when the infrastructure has not set it */
export function notifyFunction(): string {
  return needed("POSTERN_NOTIFY");
}

/** Name of the table of journals. @throws when the infrastructure has not set it */
export function journalTable(): string {
  return needed("POSTERN_JOURNAL_TABLE");
}

/** By identity provider: what the names of its people begin with; none where there is one provider at most. */
export function namePrefixes(): Readonly<Record<string, string>> {
  return JSON.parse(optional("POSTERN_PREFIXES") || "{}");
}

/** Where the issuer puts things, as the gateway is told it: somebody has one name at both, or taking it away from them would not reach here. */
export function claimMapping(): ClaimMapping {
  return { ...CLAIMS, ...JSON.parse(optional("POSTERN_CLAIMS") || "{}") };
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

function optional(name: string): string {
  return process.env[name] ?? "";
}
