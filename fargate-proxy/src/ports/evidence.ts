// Where evidence goes. Adapters: the recorder over a journal and a segment store.
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import type { ChunkType } from "#shared/evidence/recording.ts";

export interface EvidencePort {
  /** Before a session is opened: waits while too many that have ended are not in the store yet. @returns false when that took too long */
  room(): Promise<boolean>;
  /** Opens the evidence of one session. Its events are numbered from 1 without gaps. */
  open(identity: SessionIdentity): SessionEvidence;
  /** False while evidence cannot be written: then nothing may be permitted. */
  readonly available: boolean;
  /** Flushes journal, segments and recordings; resolves when all is in the store. */
  close(): Promise<void>;
}

/**
 * What is kept for those who may open it: `statement` as the client sent it, the `values` bound to it, the target's `result` before masking
 * and the `delivery` of it (by which plan, and where in the recording; `shared/src/evidence/originals.ts`), or `commitments` to the cells that a
 * mask hid, rows `before` and `after` a write, the client's `input` to a COPY.
 * All bytes of one kind and `ref` are one stream, in the order given.
 */
export interface SealedPart {
  readonly kind: Exclude<ChunkType, "output">;
  /** `seq` of the event of this session that the bytes belong to: of the run, where they belong to one. */
  readonly ref: number;
  readonly bytes: Uint8Array;
}

export interface SessionEvidence {
  /** Number of the event that was recorded last. */
  readonly seq: number;
  /** Appends an event; resolves when it is durable outside the process, rejects with a Refusal (`evidence-unavailable`). */
  record(event: EvidenceEvent): Promise<void>;
  /** Appends an event in order without waiting; it becomes durable with the next group commit. */
  note(event: EvidenceEvent): void;
  /** What the client is being sent, after masking: goes to the recording. The bytes are copied or consumed before it returns. */
  output(bytes: Uint8Array): void;
  /** Encrypts and keeps it. The bytes are copied before it returns; they are never in the clear outside this process. */
  seal(part: SealedPart): void;
  /** False when the recording, or what is sealed, is behind: stop reading from the target, and COPY data from the client, until `drained` resolves. */
  readonly writable: boolean;
  drained(): Promise<void>;
  /** Appends `session.closed`, writes the last segment. Resolves when both are in the store. */
  close(reason: string): Promise<void>;
}
