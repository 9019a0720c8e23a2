// Owns the analysis thread: one request at a time, a watchdog that kills it, a new one in its place.
import { Worker } from "node:worker_threads";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";
import type { FromWorker, ToWorker } from "./analysis-worker.ts";

export interface ThreadLimits {
  /** Longest time for one statement. */
  readonly timeoutMs: number;
  /** Heap of the thread, without the parser's own memory. */
  readonly heapMegabytes: number;
  /** Requests that wait, at most. */
  readonly queue: number;
}

export type Request = Extract<ToWorker, { type: "analyse" }>;
export type Outcome = Analysis | SyntaxProblem | Refusal;

interface Job {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
}

/** Time for a new thread to load the parser and the snapshots. */
const START_MS = 15_000;
const STACK_MEGABYTES = 32;

export class AnalysisThread {
  readonly #limits: ThreadLimits;
  readonly #snapshots = new Map<string, Extract<ToWorker, { type: "snapshot" }>>();
  readonly #waiting: Job[] = [];
  #worker: Worker | null = null;
  #ready = false;
  #running: Job | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Threads that had to be thrown away. */
  killed = 0;

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
  }

  /** From here on, statements for the snapshot's target are analysed against it. */
  use(snapshot: CatalogSnapshot, declared: ReadonlyMap<string, "nothing" | "arguments">): void {
    const message = { type: "snapshot", snapshot, declared } as const;
    this.#snapshots.set(snapshot.target, message);
    if (this.#worker === null) this.#start();
    else this.#worker.postMessage(message);
  }

  run(request: Request): Promise<Outcome> {
    if (this.#closed || this.#waiting.length >= this.#limits.queue) return Promise.resolve(tooComplex());
    return new Promise((resolve) => {
      this.#waiting.push({ request, resolve });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const job of [this.#running, ...this.#waiting.splice(0)]) job?.resolve(tooComplex());
    this.#running = null;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #start(): void {
    const worker = new Worker(new URL("./analysis-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.heapMegabytes, stackSizeMb: STACK_MEGABYTES },
      // The statement is all that it works on: nothing of the process's settings.
      env: {},
    });
    this.#worker = worker;
    this.#ready = false;
    worker.unref();
    for (const message of this.#snapshots.values()) worker.postMessage(message);
    worker.on("message", (message: FromWorker) => {
      if (worker !== this.#worker) return;
      if (message.type === "ready") this.#becomeReady();
      else if (message.type === "done") this.#finish(message.result);
      else this.#replace();
    });
    worker.on("error", () => worker === this.#worker && this.#replace());
    worker.on("exit", () => worker === this.#worker && this.#replace());
    this.#watch(START_MS);
  }

  #becomeReady(): void {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#next();
  }

  #next(): void {
    if (this.#running !== null || this.#closed) return;
    if (this.#worker === null) this.#start();
    if (!this.#ready) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#running = job;
    this.#worker?.ref();
    this.#watch(this.#limits.timeoutMs);
    this.#worker?.postMessage(job.request);
  }

  #finish(outcome: Outcome): void {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = null;
    job?.resolve(outcome);
    this.#next();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#replace(), ms);
    this.#timer.unref();
  }

  /** The thread hangs, broke, or died: the statement at hand is refused, the others go to a new one. */
  #replace(): void {
    if (this.#closed) return;
    this.killed++;
    const worker = this.#worker;
    this.#worker = null;
    this.#ready = false;
    void worker?.terminate();
    this.#finish(tooComplex());
    if (this.#worker === null) this.#start();
  }
}

const tooComplex = (): Refusal => new Refusal("statement-too-complex");
