// What CloudTrail says of the things that only the gateway should touch: the secrets of targets, the key that seals, the bucket and tables of
// evidence (CloudTrail User Guide, "record contents" and "userIdentity element").

export type TrailKind =
  /** Somebody else asked for a secret that opens a target. */
  | "secret-read"
  /** Somebody else used, or changed, the key of the sealed lane. */
  | "key-used"
  /** Somebody who may opened what a session has sealed, and the evidence has no agreement of two officers to it. */
  | "opened-alone"
  /** Somebody else wrote to the evidence, deleted of it, or changed how it is kept. */
  | "evidence-touched";

export interface TrailFinding {
  readonly kind: TrailKind;
  readonly source: "cloudtrail";
  /** ARN of the role, user or account; the service's name where it acted by itself. */
  readonly principal: string;
  /** As `GetSecretValue`. */
  readonly event: string;
  readonly resource: string;
  /** Address, or the service that asked. */
  readonly host: string;
  /** As AWS says why it was not done; absent when it was done. */
  readonly denied?: string;
  readonly count: number;
  /** Of the first. */
  readonly time: string;
}

export interface Watched {
  /** Names or ARNs. */
  readonly secrets: readonly string[];
  /** Key ARNs or ids. */
  readonly keys: readonly string[];
  readonly buckets: readonly string[];
  /** Names or ARNs. */
  readonly tables: readonly string[];
  /** ARNs of roles and users whose business it is: the gateway's task role, rotation, the functions. */
  readonly expected: ReadonlySet<string>;
}

/** The fields of a record that are read. */
interface TrailRecord {
  readonly eventTime?: string;
  readonly eventSource?: string;
  readonly eventName?: string;
  readonly readOnly?: boolean;
  readonly sourceIPAddress?: string;
  readonly errorCode?: string;
  readonly userIdentity?: {
    readonly type?: string;
    readonly arn?: string;
    readonly principalId?: string;
    readonly accountId?: string;
    readonly invokedBy?: string;
    readonly sessionContext?: { readonly sessionIssuer?: { readonly arn?: string } };
  };
  readonly requestParameters?: Readonly<Record<string, unknown>> | null;
  readonly resources?: readonly { readonly ARN?: string; readonly arn?: string }[] | null;
}

/** Two officers agreed to it: so the evidence says (`sealed.opened`). Milliseconds since the epoch. */
export interface Opening {
  /** Of which session. */
  readonly of: string;
  readonly from: number;
  readonly until: number;
}

interface Touch {
  readonly kind: TrailKind;
  readonly resource: string;
}

export class TrailAccount {
  /** Nothing is dropped without being counted: `others` are records about something else. */
  readonly totals = { records: 0, others: 0, expected: {} as Record<string, number> };
  readonly #watched: Watched;
  readonly #findings = new Map<string, TrailFinding & { count: number }>();
  /** Uses of the sealing key by those whose business it is, and of which session. */
  readonly #opened: { readonly session: string; readonly found: TrailFinding }[] = [];

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Is there anything that it looks for? */
  get watches(): boolean {
    const { secrets, keys, buckets, tables } = this.#watched;
    return secrets.length + keys.length + buckets.length + tables.length > 0;
  }

  /** Has anybody opened what is sealed who may? */
  get opened(): boolean {
    return this.#opened.length > 0;
  }

  /** @param agreed every opening in the evidence; @param clockMs how far AWS's clock and the gateway's may be apart */
  *findings(agreed: readonly Opening[], clockMs: number): Generator<TrailFinding> {
    yield* this.#findings.values();
    for (const { session, found } of this.#opened) {
      const at = Date.parse(found.time);
      const covers = ({ of, from, until }: Opening) => of === session && from - clockMs <= at && at <= until + clockMs;
      if (!agreed.some(covers)) yield found;
    }
  }

  /** @throws when it is not a record of CloudTrail */
  add(value: unknown): void {
    const record = value as TrailRecord;
    const { eventName: event, eventTime: time, sourceIPAddress: host = "", errorCode: denied } = record;
    if (typeof event !== "string" || typeof record.eventSource !== "string" || typeof time !== "string")
      throw new Error("not a record of CloudTrail");
    this.totals.records += 1;
    const touched = this.#touched(record, record.eventSource, event);
    if (touched === null) {
      this.totals.others += 1;
      return;
    }
    const principal = principalOf(record);
    const why = denied === undefined ? {} : { denied };
    const found = { ...touched, source: "cloudtrail", principal, event, host, ...why, count: 1, time } as const;
    if (this.#watched.expected.has(principal)) {
      if (touched.kind === "key-used" && event === "Decrypt" && denied === undefined)
        this.#opened.push({ session: sessionOf(record), found: { ...found, kind: "opened-alone" } });
      this.totals.expected[principal] = (this.totals.expected[principal] ?? 0) + 1;
      return;
    }
    const key = [touched.kind, principal, event, touched.resource, host, denied ?? ""].join("\n");
    const known = this.#findings.get(key);
    if (known !== undefined) known.count += 1;
    else this.#findings.set(key, found);
  }

  #touched(record: TrailRecord, service: string, event: string): Touch | null {
    const { secrets, keys, buckets, tables } = this.#watched;
    const asked = record.requestParameters ?? {};
    const arns = (record.resources ?? []).flatMap(({ ARN, arn }) => ARN ?? arn ?? []);
    if (service === "secretsmanager.amazonaws.com") {
      if (event !== "GetSecretValue" && event !== "BatchGetSecretValue") return null;
      const ids = [asked.secretId, ...listOf(asked.secretIdList), ...arns].filter((id) => typeof id === "string");
      // A batch by filter does not say which secrets it gave: each that it gave is a record of its own.
      const resource = secrets.find((secret) => ids.some((id) => isSameSecret(secret, id)));
      return resource === undefined ? null : { kind: "secret-read", resource };
    }
    if (service === "kms.amazonaws.com") {
      if (/^(?:Describe|List|GetKey|GetPublic|GetParameters)/.test(event)) return null;
      const ids = [asked.keyId, asked.sourceKeyId, asked.destinationKeyId, ...arns].filter(
        (id) => typeof id === "string",
      );
      const resource = keys.find((key) => ids.some((id) => lastOf(id, "/") === lastOf(key, "/")));
      return resource === undefined ? null : { kind: "key-used", resource };
    }
    if (record.readOnly === true) return null;
    if (service === "s3.amazonaws.com") {
      const resource = buckets.find((bucket) => asked.bucketName === bucket || arns.includes(`arn:aws:s3:::${bucket}`));
      return resource === undefined ? null : { kind: "evidence-touched", resource };
    }
    if (service === "dynamodb.amazonaws.com") {
      const names = [asked.tableName, ...arns].filter((name) => typeof name === "string");
      const resource = tables.find((table) => names.some((name) => tableOf(name) === tableOf(table)));
      return resource === undefined ? null : { kind: "evidence-touched", resource };
    }
    return null;
  }
}

/** The context in which data keys of the sealed lane are wrapped. */
function sessionOf({ requestParameters }: TrailRecord): string {
  const context = requestParameters?.encryptionContext as { readonly session?: unknown } | undefined;
  return typeof context?.session === "string" ? context.session : "";
}

function principalOf({ userIdentity: who = {} }: TrailRecord): string {
  const issuer = who.sessionContext?.sessionIssuer?.arn;
  return issuer ?? who.arn ?? who.invokedBy ?? who.principalId ?? who.accountId ?? "unknown";
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const lastOf = (text: string, separator: string): string => text.slice(text.lastIndexOf(separator) + 1);
const tableOf = (name: string): string => lastOf(name.replace(/\/(?:index|stream)\/.*$/, ""), "/");

/** A name, an ARN, or an ARN without the six characters that Secrets Manager puts behind the name. */
function isSameSecret(a: string, b: string): boolean {
  const names = namesOf(b);
  return namesOf(a).some((name) => names.includes(name));
}

function namesOf(id: string): readonly string[] {
  const name = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.*)$/.exec(id)?.[1];
  return name === undefined ? [id] : [name, name.replace(/-[A-Za-z0-9]{6}$/, "")];
}
