// Has witnesses cosign the head of the ledger: C2SP tlog-witness (https://c2sp.org/tlog-witness). The head is signed and stored before; nobody who writes evidence
// waits for this. The newest head with enough cosignatures is kept beside the head, which may have moved on meanwhile.
import {
  type Checkpoint,
  type CheckpointTools,
  openCheckpoint,
  parseNote,
  parseSignature,
  type VerifierKey,
} from "./checkpoint.ts";
import { consistencyProof } from "./consistency.ts";
import { type Cosignature, cosignatureOf } from "./cosignature.ts";
import { toBase64, toHex } from "./digest.ts";
import { CHECKPOINT_KEY } from "./ledger.ts";
import type { HeadPort } from "./ledger-sequence.ts";
import type { EvidenceReader } from "./verify-types.ts";
import type { Witness, WitnessPolicy } from "./witness-policy.ts";

/** Posts to `<url>/add-checkpoint`. Rejects when there is no whole answer in time, or an endless one. */
export type AskWitness = (url: string, body: string) => Promise<{ readonly status: number; readonly body: string }>;

export interface CosignParts extends CheckpointTools {
  readonly reader: EvidenceReader;
  /** Where the cosigned head is kept. */
  readonly cosigned: HeadPort;
  /** The ledger's. */
  readonly verifierKey: VerifierKey;
  readonly policy: WitnessPolicy;
  readonly ask: AskWitness;
}

export type Refusal =
  /** It does not answer, or not in time. */
  | "unreachable"
  /** It does not know this ledger, or not by this key. */
  | "unknown"
  /** It has cosigned a head that this one does not go on from. */
  | "conflict"
  /** It has cosigned a head of a larger ledger. */
  | "larger"
  /** An answer that makes no sense, or a failure of its own. */
  | "failed";

export interface CosignReport {
  /** Size of the head. */
  readonly head: number;
  /** Size of the newest head with enough cosignatures; 0 when there is none. */
  readonly cosigned: number;
  /** Why witnesses that were asked did not cosign, by name. */
  readonly refused: Readonly<Record<string, Refusal>>;
}

const WORDS: Readonly<Record<Refusal, string>> = {
  unreachable: "does not answer",
  unknown: "does not know this ledger, or its key",
  conflict: "has cosigned a head that this one does not go on from",
  larger: "has cosigned a larger ledger than there is",
  failed: "fails, or makes no sense",
};

/** For operators' logs; empty when nobody refused. */
export function sayRefused(refused: CosignReport["refused"]): string {
  const names = Object.keys(refused).sort();
  return names.map((name) => `${name} ${WORDS[refused[name] as Refusal]}`).join("; ");
}

/** Answers with another size that are followed before a witness is given up for now. */
const ATTEMPTS = 3;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

interface Cosigned {
  readonly note: string;
  readonly head: Checkpoint;
  readonly by: readonly Cosignature[];
}

/** Asks the witnesses that have not cosigned the head as it is now, if their policy wants more. */
export async function cosignHead(parts: CosignParts): Promise<CosignReport> {
  const stored = await parts.cosigned.read();
  const kept = stored === null ? null : opened(stored.note, parts);
  const bytes = await parts.reader.get(CHECKPOINT_KEY);
  if (bytes === null) return { head: 0, cosigned: 0, refused: {} };
  const note = decoder.decode(bytes);
  const head = openCheckpoint(note, parts.verifierKey, parts);
  const own = kept !== null && isSame(kept.head, head) ? kept : { note, head, by: [] };
  // There is nothing to witness about an empty ledger.
  if (head.size === 0 || isEnough(own, parts)) return { head: head.size, cosigned: head.size, refused: {} };

  const refused: Record<string, Refusal> = {};
  const wanted = parts.policy.witnesses.filter((one) => one.url !== null && !isBy(own, one));
  const answers = wanted.map(async (witness) => {
    const answer = await askOne(
      parts,
      { note, head },
      witness,
      kept !== null && isBy(kept, witness) ? kept.head.size : 0,
    );
    if (typeof answer !== "string") return answer;
    refused[witness.key.name] = answer;
    return null;
  });
  // In the policy's order, whoever answered first.
  const found = (await Promise.all(answers)).filter((one) => one !== null);

  const by = [...own.by, ...found];
  const now = { note: own.note + found.map(({ line }) => `${line}\n`).join(""), head, by };
  const before = kept !== null && isEnough(kept, parts) ? kept.head.size : 0;
  const after = isEnough(now, parts) ? head.size : before;
  // One that has enough is not given up for a newer one that has not. If somebody else was faster, theirs stays.
  if (found.length > 0 && (after === head.size || before === 0))
    await parts.cosigned.replace(encoder.encode(now.note), stored?.tag ?? null);
  return { head: head.size, cosigned: after, refused };
}

/** What was kept; null when it is of no use: then it is made anew. */
function opened(note: Uint8Array, parts: CosignParts): Cosigned | null {
  try {
    const text = decoder.decode(note);
    const head = openCheckpoint(text, parts.verifierKey, parts);
    const parsed = parseNote(text);
    const by = parts.policy.witnesses.map(({ key }) => cosignatureOf(parsed.text, parsed.signatures, key, parts));
    return { note: text, head, by: by.filter((one) => one !== null) };
  } catch {
    return null;
  }
}

function isSame(a: Checkpoint, b: Checkpoint): boolean {
  return a.size === b.size && toHex(a.root) === toHex(b.root);
}

function isBy({ by }: Pick<Cosigned, "by">, { key }: Witness): boolean {
  return by.some(({ witness }) => witness.id === key.id);
}

function isEnough({ by }: Pick<Cosigned, "by">, { policy }: CosignParts): boolean {
  return policy.enough(new Set(by.map(({ witness }) => witness.id)));
}

async function askOne(
  parts: CosignParts,
  { note, head }: { readonly note: string; readonly head: Checkpoint },
  { key, url }: Witness,
  seen: number,
): Promise<Cosignature | Refusal> {
  let before = Math.min(seen, head.size);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const proof = await consistencyProof(parts.reader, before, head.size, parts.sha256);
    const body = `old ${before}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${note}`;
    const answer = await parts.ask(url ?? "", body).catch(() => null);
    if (answer === null) return "unreachable";
    if (answer.status === 200) return cosignatureIn(answer.body, note, key, parts) ?? "failed";
    if (answer.status === 403 || answer.status === 404) return "unknown";
    if (answer.status === 422) return "conflict";
    if (answer.status !== 409) return "failed";
    const size = /^(0|[1-9]\d{0,14})\n?$/.exec(answer.body)?.[1];
    if (size === undefined) return "failed";
    if (Number(size) > head.size) return "larger";
    // As large as ours, and still not the same.
    if (Number(size) === before) return before === head.size ? "conflict" : "failed";
    before = Number(size);
  }
  return "failed";
}

/** Null when there is none by this witness, or one that does not hold. */
function cosignatureIn(body: string, note: string, key: Witness["key"], parts: CosignParts): Cosignature | null {
  try {
    const lines = body.replace(/\n$/, "").split("\n");
    return cosignatureOf(parseNote(note).text, lines.map(parseSignature), key, parts);
  } catch {
    return null;
  }
}
