// What a session sends (its recording), or what it seals: bytes in chunks, in blocks that are packed on the thread pool, in a spool, in parts.
// Memory per lane: the block being filled and those that wait to be packed; when they are too many, the session is not writable.
import { createHash, type Hash } from "node:crypto";
import {
  BLOCK_HEADER,
  blockHeader,
  CHUNK_HEADER,
  type ChunkType,
  writeChunkHeader,
} from "#shared/evidence/recording.ts";
import { type Lane, type ObjectRecord, objectKey, type Place } from "#shared/evidence/segment.ts";
import type { SpoolPort } from "../ports/spool.ts";
import { Hopeless, type Patience, persist } from "./patience.ts";
import type { Sealer } from "./sealer.ts";
import { spoolName } from "./spool-name.ts";
import type { Timing } from "./timing.ts";

export interface LaneParts {
  readonly sealer: Sealer;
  readonly spool: SpoolPort;
  readonly patience: Patience;
}

/** What becomes of a block before it is spooled. Blocks are packed in order, each once; `number` counts from 1 through the session. */
export interface Packer {
  pack(block: Uint8Array, number: number): Promise<Uint8Array>;
  /** A block that says that nothing follows, in lanes that have one. */
  end?(number: number): Promise<Uint8Array>;
}

/** What `Patience.trouble` has while the spool cannot be written. */
export const SPOOLING = "spooling a recording or what is sealed";

const FIRST_BLOCK = 16 << 10;
const BLOCK = 256 << 10;
/** Stored bytes of one part; S3 objects of evidence stay under 5 MB. */
const PART = 4 << 20;
/** Bytes in clear that may wait to be packed. */
const WAITING_LIMIT = 1 << 20;
/** Bytes that come within this time, after the same event, are one chunk. */
const CHUNK_MS = 10;

export class LaneWriter {
  readonly #parts: LaneParts;
  readonly #lane: Exclude<Lane, "events">;
  readonly #place: Place;
  readonly #packer: Packer;
  #block: Buffer | null = null;
  /** A block that was packed, for the next one: a long result would leave the collector 250 kB a time. */
  #spare: Buffer | null = null;
  #length = 0;
  #blockSize = FIRST_BLOCK;
  /** The chunk being filled: where its header is, and what the header says. */
  #chunkAt = -1;
  #chunkType: ChunkType = "output";
  #chunkSeq = 0;
  #chunkTime = 0;
  /** When the oldest byte of the block came. */
  #since = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #working: Promise<void> | null = null;
  #drained: PromiseWithResolvers<void>[] = [];
  /** Set when a block could not be kept for good. */
  #failure: unknown = null;
  /** The part being filled. */
  #firstBlock = 1;
  #blocks = 0;
  #stored = 0;
  /** When the part was last seen without blocks; and that it has waited for too long. */
  #partSeen = 0;
  #partDue = false;
  #hash: Hash = createHash("sha256");

  constructor(parts: LaneParts, lane: Exclude<Lane, "events">, place: Place, packer: Packer) {
    this.#parts = parts;
    this.#lane = lane;
    this.#place = place;
    this.#packer = packer;
  }

  /** A part is lost: nothing may follow. */
  get broken(): boolean {
    return this.#failure !== null;
  }

  get writable(): boolean {
    return !this.broken && this.#waitingBytes < WAITING_LIMIT;
  }

  /** Resolves when half of what may wait is free again; rejects when that will never be. */
  drained(): Promise<void> {
    if (this.writable) return Promise.resolve();
    if (this.broken) return Promise.reject(this.#failure);
    const drained = Promise.withResolvers<void>();
    this.#drained.push(drained);
    return drained.promise;
  }

  /**
   * Copies bytes.
   * @param seq of the event that they belong to
   * @param time milliseconds since the epoch
   */
  add(type: ChunkType, bytes: Uint8Array, seq: number, time: number): void {
    if (this.broken) return;
    for (let from = 0; from < bytes.length; ) {
      const block = this.#roomFor(type, seq, time);
      const count = Math.min(bytes.length - from, block.length - this.#length);
      block.set(from === 0 && count === bytes.length ? bytes : bytes.subarray(from, from + count), this.#length);
      this.#length += count;
      block.writeUInt32BE(this.#length - this.#chunkAt - CHUNK_HEADER, this.#chunkAt + CHUNK_HEADER - 4);
      from += count;
    }
  }

  /**
   * Lets go of a block that has waited for too long, so that a process that dies leaves nearly all of it; and of a part, where the spool dies
   * with the process.
   * @param now milliseconds since the epoch
   */
  tick(now: number, { recordingMs, partMs }: Pick<Timing, "recordingMs" | "partMs">): void {
    if (this.#block === null) this.#spare = null;
    if (this.#length > 0 && this.#since < now - recordingMs) this.#endBlock();
    if (this.#blocks === 0) this.#partSeen = now;
    else if (this.#partSeen < now - partMs) {
      this.#partSeen = now;
      this.#partDue = true;
      this.#start();
    }
  }

  /** Writes what is left; resolves when all parts are under the ledger's head. */
  async finish(): Promise<void> {
    if (this.#length > 0) this.#endBlock();
    while (this.#working !== null) await this.#working;
    if (this.#failure !== null) throw this.#failure;
    if (this.#next === 1) return;
    if (this.#packer.end !== undefined) await this.#spool(await this.#packer.end(this.#next));
    // What was stored in time was not known to be the last: a block of nothing says so.
    else if (this.#blocks === 0) await this.#spool(await this.#packer.pack(new Uint8Array(0), this.#next));
    await this.#sealPart(true);
  }

  /** The block, with an open chunk and room for at least a byte. */
  #roomFor(type: ChunkType, seq: number, time: number): Buffer {
    if (this.#block !== null && this.#block.length - this.#length <= CHUNK_HEADER) this.#endBlock();
    const same = type === this.#chunkType && seq === this.#chunkSeq;
    const goesOn = this.#chunkAt >= 0 && same && time - this.#chunkTime < CHUNK_MS;
    const block = this.#block ?? this.#newBlock(time);
    if (goesOn && this.#chunkAt >= 0) return block;
    writeChunkHeader(block, this.#length, type, seq, time, 0);
    this.#chunkAt = this.#length;
    this.#chunkType = type;
    this.#chunkSeq = seq;
    this.#chunkTime = time;
    this.#length += CHUNK_HEADER;
    return block;
  }

  #newBlock(time: number): Buffer {
    const block = this.#spare ?? Buffer.allocUnsafeSlow(this.#blockSize);
    this.#spare = null;
    this.#blockSize = BLOCK;
    this.#block = block;
    this.#since = time;
    return block;
  }

  #endBlock(): void {
    if (this.#block === null) return;
    this.#waiting.push(this.#block.subarray(0, this.#length));
    this.#waitingBytes += this.#length;
    // A session that fills its block slowly does not need a large one.
    if (this.#length < FIRST_BLOCK) this.#blockSize = FIRST_BLOCK;
    this.#block = null;
    this.#length = 0;
    this.#chunkAt = -1;
    this.#start();
  }

  #start(): void {
    if (this.broken) return;
    this.#working ??= this.#work()
      .catch((error: unknown) => this.#break(error))
      .finally(() => {
        this.#working = null;
      });
  }

  #break(error: unknown): void {
    this.#failure = error;
    this.#waiting = [];
    for (const { reject } of this.#drained.splice(0)) reject(error);
    const { patience } = this.#parts;
    if (!patience.stopped) patience.onProblem("a recording, or what is sealed, cannot be kept: its session ends");
  }

  /** Packs and spools what waits, in order. */
  async #work(): Promise<void> {
    for (let block = this.#waiting.shift(); block !== undefined; block = this.#waiting.shift()) {
      const frame = await this.#packer.pack(block, this.#next);
      await this.#spool(frame);
      this.#waitingBytes -= block.length;
      if (block.length > BLOCK / 2) this.#spare = Buffer.from(block.buffer, 0, BLOCK);
      if (this.#waitingBytes <= WAITING_LIMIT / 2) for (const { resolve } of this.#drained.splice(0)) resolve();
    }
    const due = this.#partDue && this.#blocks > 0;
    this.#partDue = false;
    if (due) await this.#sealPart(false);
    if (this.#waiting.length > 0) await this.#work();
  }

  async #spool(frame: Uint8Array): Promise<void> {
    if (this.#stored + BLOCK_HEADER + frame.length > PART) await this.#sealPart(false);
    const stored = Buffer.concat([blockHeader(frame.length), frame]);
    const { spool, patience } = this.#parts;
    // A failed append may have left a part of the block: recovery and `seal` go by what was counted, so it is written as a whole.
    await persist(patience, SPOOLING, () => spool.append(this.#name, stored, this.#stored));
    this.#hash.update(stored);
    this.#stored += stored.length;
    this.#blocks += 1;
  }

  async #spooled(name: string, { bytes }: ObjectRecord): Promise<Uint8Array> {
    const { spool, patience } = this.#parts;
    const spooled = await persist(patience, SPOOLING, () => spool.read(name));
    if (spooled.length < bytes) throw new Hopeless("what was spooled is gone");
    return spooled.subarray(0, bytes);
  }

  /** Number of the next block. */
  get #next(): number {
    return this.#firstBlock + this.#blocks;
  }

  get #name(): string {
    return spoolName(this.#lane, this.#place, this.#firstBlock);
  }

  async #sealPart(final: boolean): Promise<void> {
    const name = this.#name;
    const first = this.#firstBlock;
    const last = first + this.#blocks - 1;
    const key = objectKey({ lane: this.#lane, ...this.#place, first, last });
    const record: ObjectRecord = { key, sha256: this.#hash.digest("hex"), bytes: this.#stored, first, last, final };
    const { sealer, spool, patience } = this.#parts;
    await sealer.seal(async () => ({ record, bytes: await this.#spooled(name, record) }));
    await persist(patience, SPOOLING, () => spool.remove(name));
    this.#firstBlock = last + 1;
    this.#blocks = 0;
    this.#stored = 0;
    this.#hash = createHash("sha256");
  }
}
