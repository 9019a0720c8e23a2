// Group commit: lines of all sessions gather in one batch while the batch before is being written; one write makes a whole batch durable.
import { Refusal } from "#shared/errors.ts";
import type { JournalPort } from "#shared/evidence/ports.ts";

/** Whose lines a journal unit must keep until they are safe elsewhere. */
export interface Owner {
  /** Called with the unit that now holds `lines` of the owner's lines. */
  landed(unit: number, lines: number): void;
}

export interface CommitOptions {
  /** Milliseconds between attempts while the journal fails. */
  readonly retryMs: number;
  /** Bytes that may wait in memory while the journal fails; beyond, nothing more is taken. */
  readonly heldBytes: number;
  /** A failure or its end, in words without data. */
  onProblem(message: string): void;
}

const FIRST_BYTES = 16 << 10;
/** A batch that is larger than this is given to the collector rather than kept for reuse. */
const KEPT_BYTES = 1 << 20;
/** Milliseconds that lines wait for company when nothing else waits for them. */
const NOTE_MS = 5;

/** Lines on their way to the journal. */
export class Batch {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;
  /** Something waits for one of the lines. */
  awaited = false;
  readonly owners = new Map<Owner, number>();
  /** Resolves when the lines are durable; rejects with a Refusal as soon as they are known to be late. */
  done: Promise<void>;
  /** Resolves when the lines are durable, however long that takes. */
  durable: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (refusal: Refusal) => void = () => undefined;
  #settle: () => void = () => undefined;

  constructor() {
    this.done = this.durable = Promise.resolve();
    this.renew();
  }

  renew(): void {
    this.length = 0;
    this.awaited = false;
    this.owners.clear();
    const done = Promise.withResolvers<void>();
    const durable = Promise.withResolvers<void>();
    // Events that nobody waits for share this promise: its failure is not unhandled.
    done.promise.catch(() => undefined);
    this.done = done.promise;
    this.durable = durable.promise;
    this.#resolve = done.resolve;
    this.#reject = done.reject;
    this.#settle = durable.resolve;
  }

  /** Appends a line and its newline. @returns where the line starts in `bytes`; it ends before the last byte */
  append(line: string, owner: Owner): number {
    // A UTF-16 code unit takes at most three bytes.
    this.#reserve(line.length * 3 + 1);
    const start = this.length;
    const end = start + this.bytes.write(line, start);
    this.bytes[end] = 10;
    this.length = end + 1;
    this.hold(owner);
    return start;
  }

  /** One more owner has to let go before the journal may forget what is in here. */
  hold(owner: Owner): void {
    this.owners.set(owner, (this.owners.get(owner) ?? 0) + 1);
  }

  succeed(unit: number): void {
    for (const [owner, lines] of this.owners) owner.landed(unit, lines);
    this.#resolve();
    this.#settle();
  }

  fail(): void {
    this.#reject(new Refusal("evidence-unavailable"));
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

export class GroupCommit {
  readonly #journal: JournalPort;
  readonly #options: CommitOptions;
  #gathering = new Batch();
  /** Batches that failed, in order: they go first. */
  #held: Batch[] = [];
  #flying: Batch | null = null;
  #spare: Batch | null = null;
  #busy = false;
  #scheduled = false;
  #available = true;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  /** Will write lines that nothing waits for. */
  #later: NodeJS.Timeout | null = null;

  constructor(journal: JournalPort, options: CommitOptions) {
    this.#journal = journal;
    this.#options = options;
  }

  get available(): boolean {
    return this.#available;
  }

  /** True when not even memory has room: then nothing may be appended. */
  get full(): boolean {
    return !this.#available && this.#heldBytes() > this.#options.heldBytes;
  }

  /**
   * Where the next line goes. Only valid until control returns to the event loop.
   * @param awaited something waits for the line to be durable; else it takes the next write, or a later one of its own
   */
  batch(awaited: boolean): Batch {
    if (awaited) this.#hurry();
    else this.#later ??= setTimeout(this.#late, NOTE_MS);
    return this.#gathering;
  }

  /** Resolves when all that was appended before is durable. */
  async flush(): Promise<void> {
    this.#hurry();
    const last = this.#gathering.length > 0 ? this.#gathering : (this.#held.at(-1) ?? this.#flying);
    await last?.durable;
  }

  /** Nothing more is written: what waits is refused. */
  stop(): void {
    this.#stopped = true;
    this.#available = false;
    this.#gathering.fail();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#later !== null) clearTimeout(this.#later);
  }

  #hurry(): void {
    this.#gathering.awaited = true;
    this.#schedule();
  }

  readonly #late = (): void => {
    this.#later = null;
    if (this.#gathering.length > 0) this.#hurry();
  };

  #schedule(): void {
    if (this.#scheduled || this.#busy || !this.#available) return;
    this.#scheduled = true;
    // After all sockets that are readable now were read: what they announce goes into one write.
    setImmediate(this.#start);
  }

  readonly #start = (): void => {
    this.#scheduled = false;
    if (!this.#busy && this.#available && this.#gathering.length > 0) void this.#run();
  };

  async #run(): Promise<void> {
    this.#busy = true;
    do {
      const batch = this.#gathering;
      this.#gathering = this.#take();
      this.#flying = batch;
      const written = await this.#write(batch);
      this.#flying = null;
      if (!written) break;
      this.#recycle(batch);
    } while (this.#gathering.awaited && this.#available);
    this.#busy = false;
  }

  async #write(batch: Batch): Promise<boolean> {
    try {
      const unit = await this.#journal.write(batch.bytes.subarray(0, batch.length));
      batch.succeed(unit);
      return true;
    } catch (error) {
      this.#held.push(batch);
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    if (this.#available) this.#options.onProblem(`the journal cannot be written (${codeOf(error)}): nothing may run`);
    this.#available = false;
    for (const batch of this.#held) batch.fail();
    // Nothing that is appended from now on can be waited for.
    this.#gathering.fail();
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#retry(), this.#options.retryMs);
  }

  /** Lines keep their numbers and their order: what failed is written before anything new, and so is what came in meanwhile. */
  async #retry(): Promise<void> {
    for (;;) {
      if (this.#stopped) return;
      if (this.#gathering.length > 0) {
        this.#held.push(this.#gathering);
        this.#gathering = new Batch();
      }
      const [first] = this.#held;
      if (first === undefined) break;
      try {
        first.succeed(await this.#journal.write(first.bytes.subarray(0, first.length)));
        this.#held.shift();
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
    // The one that gathers was told that it failed, and is empty: what comes now can be waited for.
    this.#gathering = new Batch();
    this.#available = true;
    this.#options.onProblem("the journal can be written again");
  }

  #take(): Batch {
    const batch = this.#spare ?? new Batch();
    this.#spare = null;
    return batch;
  }

  #recycle(batch: Batch): void {
    if (batch.bytes.length > KEPT_BYTES) return;
    batch.renew();
    this.#spare = batch;
  }

  #heldBytes(): number {
    return this.#held.reduce((sum, batch) => sum + batch.length, this.#gathering.length);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "error";
}
