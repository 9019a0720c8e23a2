// What is kept of a session for those who may open it: statements as they were sent, what was bound, what was copied in, and what the target
// said where the client is told less. Where nothing is hidden the recording has the answer as the target gave it, and it is kept once.
import { randomBytes } from "node:crypto";
import { COMMITMENT, committed, type Delivery, deliveryLine, hiddenColumns, SALT } from "#shared/evidence/originals.ts";
import { getInt16, getInt32 } from "#shared/masking/cell.ts";
import type { ByteSink, CopyMask, RowMask, Waiting } from "#shared/masking/types.ts";
import { hmacSha256 } from "../hmac.ts";
import type { SealedPart, SessionEvidence } from "../ports/evidence.ts";
import type { AnswerPlace, Command } from "../protocol.ts";
import type { Judged } from "./judged.ts";

type OfResult = Exclude<Delivery, { kind: "message" }>;
type Shown = OfResult extends infer D ? (D extends OfResult ? Omit<D, "at"> : never) : never;

type Hmac = (message: Uint8Array) => Uint8Array;

const encoder = new TextEncoder();
const NO_BYTES = new ArrayBuffer(0);

export class Originals {
  /** False where only commitments are kept. */
  readonly kept: boolean;
  readonly #evidence: SessionEvidence;
  /** Bytes of the recording so far. */
  #recorded = 0;
  /** Per judgement: the text that was sealed last. What runs of it later with other literals is sealed anew. */
  readonly #texts = new WeakMap<Judged, string>();
  #commit: Hmac | null = null;
  /** Rows of a run that lie side by side in what the target sent: they go into the lane together. */
  #rows: ArrayBufferLike = NO_BYTES;
  #start = 0;
  #end = 0;
  #run = 0;

  constructor(evidence: SessionEvidence, sealed: "on" | "off") {
    this.#evidence = evidence;
    this.kept = sealed === "on";
  }

  /** The client is being sent this many bytes: what was kept of the rows in them has to be on its way, too. */
  recorded(bytes: number): void {
    this.settle();
    this.#recorded += bytes;
  }

  /** Has the lane take the rows that were gathered. */
  settle(): void {
    if (this.#start === this.#end) return;
    const bytes = new Uint8Array(this.#rows, this.#start, this.#end - this.#start);
    this.#rows = NO_BYTES;
    this.#start = this.#end = 0;
    this.#evidence.seal({ kind: "result", ref: this.#run, bytes });
  }

  /** A command was announced, or refused, by the newest event. @param judged null when it could not be judged */
  command({ text, values }: Command, judged: Judged | null): void {
    if (!this.kept) return;
    const ref = this.#evidence.seq;
    if (judged === null || this.#texts.get(judged) !== text) {
      this.#seal("statement", ref, encoder.encode(text));
      if (judged !== null) this.#texts.set(judged, text);
    }
    if (values) this.#seal("values", ref, values);
  }

  withheld(message: Uint8Array, place: AnswerPlace): void {
    this.#deliver(place, { kind: "message" });
    this.#seal("result", place.run, message);
  }

  input(run: number, message: Uint8Array): void {
    if (this.kept) this.#seal("input", run, message);
  }

  /** A mask that does the same, and keeps what it hides. */
  behind<T extends RowMask | CopyMask>(mask: T, place: AnswerPlace, shown: () => Shown): T | Kept {
    if (!mask.active) return mask;
    const delivery = shown();
    this.#deliver(place, delivery);
    if (this.kept) return new Kept(mask, (frame) => this.#gather(place.run, frame));
    const commit = committer(this.#salted(), place.run, delivery);
    return new Kept(mask, (frame) => this.#seal("commitments", place.run, commit(frame)));
  }

  #deliver({ run, waiting }: AnswerPlace, what: Shown | { readonly kind: "message" }): void {
    this.#seal("delivery", run, encoder.encode(deliveryLine({ at: this.#recorded + waiting, ...what } as Delivery)));
  }

  /** Without it a commitment to a social security number would be a guess away; it is sealed before all that it salts. */
  #salted(): Hmac {
    if (this.#commit === null) {
      const salt = randomBytes(SALT);
      this.#seal("commitments", 0, salt);
      this.#commit = hmacSha256(salt);
    }
    return this.#commit;
  }

  /** What the target sent is never written to again: a view of it is enough until the turn ends. */
  #gather(run: number, frame: Uint8Array): void {
    const { buffer, byteOffset, length } = frame;
    if (buffer !== this.#rows || byteOffset !== this.#end || run !== this.#run) {
      this.settle();
      this.#rows = buffer;
      this.#start = byteOffset;
      this.#run = run;
    }
    this.#end = byteOffset + length;
  }

  #seal(kind: SealedPart["kind"], ref: number, bytes: Uint8Array): void {
    this.settle();
    this.#evidence.seal({ kind, ref, bytes });
  }
}

class Kept implements RowMask, CopyMask {
  readonly active = true;
  readonly #mask: RowMask | CopyMask;
  readonly #keep: (frame: Uint8Array) => void;
  #waiting: Waiting | undefined;

  constructor(mask: RowMask | CopyMask, keep: (frame: Uint8Array) => void) {
    this.#mask = mask;
    this.#keep = keep;
  }

  get watch(): RowMask["watch"] {
    return this.#mask.watch;
  }

  get tally(): RowMask["tally"] {
    return this.#mask.tally;
  }

  row(frame: Uint8Array, out: ByteSink): void {
    this.#keep(frame);
    this.#mask.row(frame, out);
  }

  /** Rows that wait are kept as they come. */
  get waiting(): Waiting | undefined {
    const { waiting } = this.#mask;
    if (waiting === undefined) return undefined;
    this.#waiting ??= new KeptWaiting(waiting, this.#keep);
    return this.#waiting;
  }
}

class KeptWaiting implements Waiting {
  readonly #waiting: Waiting;
  readonly #keep: (frame: Uint8Array) => void;

  constructor(waiting: Waiting, keep: (frame: Uint8Array) => void) {
    this.#waiting = waiting;
    this.#keep = keep;
  }

  get held(): boolean {
    return this.#waiting.held;
  }

  get full(): boolean {
    return this.#waiting.full;
  }

  take(frame: Uint8Array, out: ByteSink): void {
    this.#keep(frame);
    this.#waiting.take(frame, out);
  }

  ask(): Promise<void> {
    return this.#waiting.ask();
  }

  release(out: ByteSink): void {
    this.#waiting.release(out);
  }
}

/** Commitments to the hidden cells of one row after another; of a COPY, to whole messages. */
function committer(hmac: Hmac, run: number, { kind, index, plan }: Shown): (frame: Uint8Array) => Uint8Array {
  const hidden = kind === "copy" ? [0] : hiddenColumns(plan);
  let row = 0;
  return (frame) => {
    const values = kind === "copy" ? [frame.subarray(5)] : cellsOf(frame);
    const commitments = new Uint8Array(hidden.length * COMMITMENT);
    for (const [i, column] of hidden.entries()) {
      const value = committed({ run, index, row, column }, values[column] ?? null);
      commitments.set(hmac(value).subarray(0, COMMITMENT), i * COMMITMENT);
    }
    row += 1;
    return commitments;
  };
}

/** Of a DataRow. It is looked at before the mask has found it well-formed: cells that are not there are left out. */
function cellsOf(frame: Uint8Array): (Uint8Array | null)[] {
  const cells: (Uint8Array | null)[] = [];
  if (frame.length < 7) return cells;
  let at = 7;
  for (let i = getInt16(frame, 5); i > 0 && at + 4 <= frame.length; i--) {
    const length = getInt32(frame, at);
    at += 4;
    cells.push(length < 0 ? null : frame.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return cells;
}
