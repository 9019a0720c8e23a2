// A bundle: sessions and what is needed to verify them, as one file of JSON lines. The first line has the signed head of the ledger and
// the public key, each other one an object of evidence, its leaf and the proof that the leaf is under the head; the last one counts them.
import type { VerifierKey } from "./checkpoint.ts";
import { type Sha256, toHex } from "./digest.ts";
import { leafBytes, readLeaf } from "./ledger.ts";
import { leafHash } from "./merkle.ts";
import { provenRoot } from "./proof.ts";
import { type ObjectRecord, parseKey } from "./segment.ts";
import { bySession, verifySessions } from "./verify.ts";
import { ApprovalWalk } from "./verify-approvals.ts";
import { DecisionWalk } from "./verify-decisions.ts";
import { DisclosureWalk } from "./verify-disclosures.ts";
import { PolicyWalk } from "./verify-policy.ts";
import { Shredding } from "./verify-shredded.ts";
import {
  BadEvidence,
  type CosignedHead,
  emptyTally,
  type VerifyReport,
  type VerifyTools,
  type Walk,
} from "./verify-types.ts";
import { cosignedBy, notesOn } from "./verify-witnesses.ts";
import type { WitnessPolicy } from "./witness-policy.ts";

export const BUNDLE_FORMAT = "postern-bundle/1";

/** RFC 4648, section 4. Passed in: objects are megabytes long. */
export interface Base64 {
  encode(bytes: Uint8Array): string;
  /** Null unless it is exactly what `encode` writes. */
  decode(text: string): Uint8Array | null;
}

export interface BundleHead {
  readonly format: typeof BUNDLE_FORMAT;
  /** Verifier key of the ledger, as it was where the bundle was made. */
  readonly key: VerifierKey;
  /** The signed note. */
  readonly checkpoint: string;
  /** What was asked for, in words. */
  readonly scope: string;
  /** ISO 8601. */
  readonly made: string;
}

export interface BundledObject {
  readonly record: ObjectRecord;
  /** Of the leaf in the ledger, counting from 0. */
  readonly index: number;
  readonly proof: readonly Uint8Array[];
}

export function encodeHead(head: BundleHead): string {
  return JSON.stringify(head);
}

export function encodeObject({ record, index, proof }: BundledObject, bytes: Uint8Array, base64: Base64): string {
  const leaf = new TextDecoder().decode(leafBytes(record));
  return JSON.stringify({ leaf, index, proof: proof.map(base64.encode), data: base64.encode(bytes) });
}

export function encodeEnd(objects: number): string {
  return JSON.stringify({ end: objects });
}

/** What a line of a bundle is. @throws BadEvidence when it is nothing of it */
export type BundleLine =
  | { readonly type: "head"; readonly head: BundleHead }
  | { readonly type: "object"; readonly object: BundledObject; readonly data: Uint8Array }
  | { readonly type: "end"; readonly objects: number };

export function readBundleLine(text: string, line: number, base64: Base64): BundleLine {
  const found = parsed(text, base64);
  if (found === null) throw new BadEvidence({ key: "bundle", line, what: "the line is not one of a bundle" });
  return found;
}

function parsed(text: string, base64: Base64): BundleLine | null {
  try {
    const value = JSON.parse(text);
    if (value.format === BUNDLE_FORMAT) {
      const { format, key, checkpoint, scope, made } = value;
      const head: BundleHead = { format, key, checkpoint, scope, made };
      return encodeHead(head) === text ? { type: "head", head } : null;
    }
    if (typeof value.end === "number")
      return encodeEnd(value.end) === text ? { type: "end", objects: value.end } : null;
    const record = readLeaf(new TextEncoder().encode(value.leaf));
    const proof = (value.proof as string[]).map((hash) => base64.decode(hash));
    const data = base64.decode(value.data);
    if (record === null || data === null || proof.includes(null)) return null;
    const object: BundledObject = { record, index: value.index, proof: proof as Uint8Array[] };
    return encodeObject(object, data, base64) === text ? { type: "object", object, data } : null;
  } catch {
    return null;
  }
}

export interface Bundle {
  readonly head: BundleHead;
  readonly objects: readonly BundledObject[];
  /** The bytes of an object of the bundle. */
  get(key: string): Promise<Uint8Array | null>;
}

/**
 * @param key the ledger's, had from somewhere else than the bundle; without it, the bundle's own is used, and the report says so
 * @param witnesses who have to have cosigned its head
 */
export async function verifyBundle(
  bundle: Bundle,
  tools: VerifyTools,
  key?: VerifierKey,
  witnesses: WitnessPolicy | null = null,
): Promise<VerifyReport> {
  const checked = emptyTally();
  const reader = { get: bundle.get, list: async function* () {} };
  const approvals = new ApprovalWalk();
  const policies = new PolicyWalk(tools.sha256);
  const disclosures = new DisclosureWalk();
  const none = { open: [], recovered: [], notes: [] };
  const walk: Walk = {
    reader,
    tools,
    checked,
    ...none,
    approvals,
    policies,
    // The policies are in logs of the gateway, which are not in most bundles.
    decisions: new DecisionWalk(undefined),
    disclosures,
    shredding: new Shredding(),
    index: null,
    step: () => undefined,
  };
  const report = (bad: VerifyReport["bad"], cosigned: CosignedHead | null): VerifyReport => {
    const { open, recovered, notes } = walk;
    const head = cosigned === null ? null : { size: cosigned.size, root: cosigned.root };
    return { ok: bad === null, bad, head, cosigned, checked, open, recovered, notes };
  };
  try {
    const head = provenUnder(bundle, tools, key ?? bundle.head.key, witnesses);
    walk.notes.push(...notesOn(head, head.size));
    checked.ledgerEntries = bundle.objects.length;
    const sessions = bySession(
      bundle.objects.map(({ record }) => record),
      { type: "all" },
    );
    await verifySessions(walk, sessions, new Map(), { scope: { type: "all" } });
    checked.approved = approvals.runs;
    walk.notes.push(...approvals.check(false));
    walk.notes.push(...policies.check(false));
    if (key === undefined)
      walk.notes.push(`the key came with the bundle: compare it with one that you trust (${bundle.head.key})`);
    walk.notes.push(
      "other sessions, recordings that were left out, sealed originals, how open sessions went on, and whether policy would decide so again cannot be told from a bundle",
    );
    return report(null, head);
  } catch (error) {
    if (error instanceof BadEvidence) return report(error.place, null);
    throw error;
  }
}

function provenUnder(
  { head, objects }: Bundle,
  tools: VerifyTools,
  key: VerifierKey,
  witnesses: WitnessPolicy | null,
): CosignedHead {
  const checkpoint = attempt(() => cosignedBy(head.checkpoint, key, tools, witnesses));
  const seen = new Set<number>();
  for (const { record, index, proof } of objects) {
    const bad = (what: string) => new BadEvidence({ key: record.key, what });
    if (parseKey(record.key) === null) throw bad("the ledger names an object that is no evidence");
    if (seen.has(index)) throw bad("the bundle has this leaf twice");
    seen.add(index);
    const root = provenRoot(leafOf(record, tools.sha256), index, checkpoint.size, proof, tools.sha256);
    if (root === null || toHex(root) !== checkpoint.root) throw bad("the object is not proven to be in the ledger");
  }
  return checkpoint;
}

export function leafOf(record: ObjectRecord, sha256: Sha256): Uint8Array {
  return leafHash(leafBytes(record), sha256);
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new BadEvidence({ key: "bundle", line: 1, what: (error as Error).message });
  }
}
