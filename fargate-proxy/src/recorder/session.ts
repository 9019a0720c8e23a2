// The evidence of one session: numbers its events, chains them, sends them to the journal, keeps them until they are a segment.

import { Refusal } from "#shared/errors.ts";
import { genesis, link } from "#shared/evidence/chain.ts";
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { type Place, placeOf, SEGMENT_BYTES, segmentObject } from "#shared/evidence/segment.ts";
import { commandsIn } from "#shared/evidence/summary.ts";
import type { SealedPart, SessionEvidence } from "../ports/evidence.ts";
import { type LaneParts, LaneWriter, type Packer } from "./lane.ts";
import type { RecorderParts } from "./parts.ts";
import { pause } from "./patience.ts";
import { Sealing, type SealingParts } from "./sealing.ts";
import { Segment } from "./segment.ts";
import type { Timing } from "./timing.ts";
import { Holding } from "./units.ts";

/** What the lanes of sessions need besides what `RecorderParts` has. */
export interface SessionParts extends RecorderParts {
  readonly lanes: LaneParts;
  readonly recording: Packer;
  readonly sealing: SealingParts;
}

export class RecordedSession implements SessionEvidence {
  readonly #parts: SessionParts;
  readonly #identity: SessionIdentity;
  readonly #writer: LineWriter;
  readonly #recording: LaneWriter;
  readonly #keyed: Sealing;
  readonly #sealed: LaneWriter;
  readonly #place: Place;
  readonly #onEnd: () => void;
  /** Keeps the first line in the journal while the session has no end in the store; null where recovery finds open sessions without it. */
  readonly #opening: Holding | null;
  #seq = 0;
  #prev: string;
  #segment: Segment | null = null;
  /** Segments are stored one after the other. */
  #sealing: Promise<void> = Promise.resolve();
  #ended = false;
  #closing: Promise<void> | null = null;
  #statements = 0;
  #rows = 0;
  #bytes = 0;

  constructor(parts: SessionParts, identity: SessionIdentity, onEnd: () => void) {
    this.#parts = parts;
    this.#identity = identity;
    this.#writer = new LineWriter(identity);
    this.#place = placeOf(identity.session, identity.target, parts.clock.now());
    this.#recording = new LaneWriter(parts.lanes, "recordings", this.#place, parts.recording);
    this.#keyed = new Sealing(parts.sealing, this.#place);
    this.#sealed = new LaneWriter(parts.lanes, "sealed", this.#place, this.#keyed);
    this.#prev = genesis(identity.session, parts.sha256);
    this.#onEnd = onEnd;
    this.#opening = parts.keepsOpenings ? new Holding(parts.units) : null;
  }

  get seq(): number {
    return this.#seq;
  }

  get identity(): SessionIdentity {
    return this.#identity;
  }

  record(event: EvidenceEvent): Promise<void> {
    const done = this.#append(event, true);
    const broken = this.#recording.broken || this.#sealed.broken;
    if (done !== null && !broken && this.#parts.isAvailable()) return done;
    return Promise.reject(new Refusal("evidence-unavailable"));
  }

  note(event: EvidenceEvent): void {
    this.#append(event, false);
  }

  output(bytes: Uint8Array): void {
    this.#recording.add("output", bytes, this.#seq, this.#parts.clock.now());
  }

  seal({ kind, ref, bytes }: SealedPart): void {
    void this.#keyed.prepare();
    this.#sealed.add(kind, bytes, ref, this.#parts.clock.now());
  }

  get writable(): boolean {
    return this.#recording.writable && this.#sealed.writable;
  }

  async drained(): Promise<void> {
    await Promise.all([this.#recording.drained(), this.#sealed.drained()]);
  }

  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  /** Stores what has waited for too long. @param now milliseconds since the epoch */
  tick(now: number, timing: Timing): void {
    if (this.#segment !== null && this.#segment.since < now - timing.segmentMs) this.#cut(false);
    this.#recording.tick(now, timing);
    this.#sealed.tick(now, timing);
  }

  /** @returns null when the event was not taken */
  #append(event: EvidenceEvent, awaited: boolean): Promise<void> | null {
    const { commit, clock, sha256 } = this.#parts;
    // While nothing can be written nothing may run, so what is not taken here announces nothing that happens.
    if (this.#ended || this.#isFull) return null;
    const now = clock.now();
    const line = this.#writer.write(event, this.#seq + 1, now, this.#prev);
    this.#segment ??= new Segment(this.#parts.units, this.#seq + 1, now);
    const segment = this.#segment;
    const batch = commit.batch(awaited);
    const start = batch.append(line, segment);
    segment.add(batch.bytes, start, batch.length);
    if (this.#seq === 0 && this.#opening !== null) batch.hold(this.#opening);
    segment.durable = batch.durable;
    this.#parts.backlog.add(batch.length - start);
    this.#seq += 1;
    this.#prev = link(line, sha256);
    this.#count(event);
    const done = batch.done;
    if (segment.length >= SEGMENT_BYTES) this.#cut(false);
    return done;
  }

  /** There is no room in memory for another line. */
  get #isFull(): boolean {
    return this.#parts.commit.full || this.#parts.backlog.full;
  }

  #count(event: EvidenceEvent): void {
    this.#statements += commandsIn(event);
    if (event.type !== "finished") return;
    this.#rows += event.rows;
    this.#bytes += event.bytes;
  }

  #cut(final: boolean): void {
    const segment = this.#segment;
    if (segment === null) return;
    this.#segment = null;
    const sealed = this.#sealing.then(() => this.#seal(segment, final));
    // A failure leaves the lines in the journal, for recovery; whoever closes the session hears of it.
    sealed.catch(() => undefined);
    this.#sealing = sealed;
  }

  async #seal(segment: Segment, final: boolean): Promise<void> {
    await segment.durable;
    const { sealer, backlog } = this.#parts;
    await sealer.seal(() => segmentObject(this.#place, segment, final, this.#parts));
    segment.release();
    if (final) this.#opening?.release();
    backlog.remove(segment.length);
  }

  async #close(reason: string): Promise<void> {
    this.#parts.closings.begin();
    try {
      // These first: a session that has its end in the ledger has all of its recording there, and all that it sealed.
      await Promise.all([this.#recording.finish(), this.#sealed.finish()]);
      const { patience } = this.#parts;
      while (this.#isFull && !patience.stopped) await pause(patience.retryMs);
      const counts = { statements: this.#statements, rows: this.#rows, bytes: this.#bytes };
      this.note({ type: "session.closed", reason, ...counts });
      this.#ended = true;
      this.#cut(true);
      await this.#sealing;
    } finally {
      this.#parts.closings.end();
      this.#onEnd();
    }
  }
}
