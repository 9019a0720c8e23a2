// Keeps the snapshot of one target's catalog up to date: on request, and by a cheap poll for changes made by others.
import type { CatalogSnapshot } from "#shared/catalog.ts";

/** Reads one target's catalog with the gateway's own credential. Both reject when the target cannot be reached. */
export interface CatalogSource {
  snapshot(): Promise<CatalogSnapshot>;
  /** The fingerprint that a snapshot taken now would have. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

export class CatalogWatch {
  readonly target: string;
  snapshot: CatalogSnapshot | null = null;
  readonly #source: CatalogSource;
  readonly #pollMs: number;
  readonly #take: (snapshot: CatalogSnapshot) => void;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #closed = false;

  constructor(
    target: string,
    source: CatalogSource,
    pollMs: number,
    take: (snapshot: CatalogSnapshot) => void,
    failed: (error: unknown) => void,
  ) {
    this.target = target;
    this.#source = source;
    this.#pollMs = pollMs;
    this.#take = take;
    this.#failed = failed;
  }

  async start(): Promise<void> {
    await this.refresh().catch(this.#failed);
    this.#schedule();
  }

  /** Resolves when a snapshot that was begun after this call is in use; rejects when none could be taken. */
  refresh(): Promise<void> {
    if (this.#running === null) return this.#begin();
    // The one that is under way may have missed the change: one more, for all that ask meanwhile.
    this.#next ??= this.#running.catch(() => {}).then(() => this.#begin());
    return this.#next;
  }

  /** The same catalog as another snapshot: whatever rests on the one from before is made anew. */
  renew(): void {
    if (this.snapshot === null || this.#closed) return;
    this.snapshot = { ...this.snapshot };
    this.#take(this.snapshot);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running?.catch(() => {});
    await this.#source.close();
  }

  #begin(): Promise<void> {
    this.#next = null;
    const running = this.#look().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #look(): Promise<void> {
    const known = this.snapshot;
    if (known !== null && (await this.#source.fingerprint()) === known.fingerprint) return;
    const snapshot = await this.#source.snapshot();
    if (this.#closed || snapshot.fingerprint === this.snapshot?.fingerprint) return;
    this.snapshot = snapshot;
    this.#take(snapshot);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(
      () =>
        void this.refresh()
          .catch(this.#failed)
          .finally(() => this.#schedule()),
      this.#pollMs,
    );
    this.#timer.unref();
  }
}
