// Owns the analysis process: one request at a time, a watchdog that kills it, a new one in its place. A process and not a thread,
// because a thread that runs out of memory takes the whole gateway with it.
import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";
import type { FromWorker, ToWorker } from "./analysis-worker.ts";

export interface ProcessLimits {
  /** Longest time for one statement. */
  readonly timeoutMs: number;
  /** Heap of the process, without the parser's own memory. */
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

/** Time for a new process to load the parser and the snapshots. */
const START_MS = 15_000;
/** Between starts that failed: twice as long each time, at most the last. */
const AGAIN_MS = 50;
const AGAIN_AT_MOST_MS = 5000;
/** Under the 8 MB that systems give a process, above what the deepest permitted statement needs. */
const STACK_KILOBYTES = 4000;
/** Beside this file; in the image, where both are bundles, beside that. */
const PROGRAM = fileURLToPath(new URL(`./analysis-worker${extname(import.meta.url)}`, import.meta.url));

export class AnalysisProcess {
  readonly #limits: ProcessLimits;
  readonly #snapshots = new Map<string, Extract<ToWorker, { type: "snapshot" }>>();
  readonly #waiting: Job[] = [];
  #child: ChildProcess | null = null;
  #ready = false;
  #running: Job | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Starts in a row that came to nothing, and the next that is waited for. */
  #failed = 0;
  #again: NodeJS.Timeout | null = null;
  #closed = false;
  /** Processes that had to be thrown away. */
  killed = 0;

  constructor(limits: ProcessLimits) {
    this.#limits = limits;
  }

  /** From here on, statements for the snapshot's target are analysed against it. */
  use(
    snapshot: CatalogSnapshot,
    declared: ReadonlyMap<string, "nothing" | "arguments">,
    keyColumns: ReadonlySet<string>,
  ): void {
    const message = { type: "snapshot", snapshot, declared, keyColumns } as const;
    this.#snapshots.set(snapshot.target, message);
    if (this.#child !== null) this.#send(message);
    else if (this.#again === null) this.#start();
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
    if (this.#again !== null) clearTimeout(this.#again);
    for (const job of [this.#running, ...this.#waiting.splice(0)]) job?.resolve(tooComplex());
    this.#running = null;
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      child.ref();
      child.once("exit", () => resolve());
      if (!child.kill("SIGKILL")) resolve();
    });
  }

  #start(): void {
    this.#again = null;
    const child = fork(PROGRAM, [], {
      serialization: "advanced",
      // The statement is all that it works on: nothing of the gateway's settings.
      env: {},
      execArgv: [
        `--max-old-space-size=${this.#limits.heapMegabytes}`,
        `--stack-size=${STACK_KILOBYTES}`,
        // Optimising the parser takes 600 MB for a moment, and makes a statement that is seen for the first time a fifth faster.
        "--liftoff-only",
      ],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    this.#ready = false;
    child.on("message", (message: FromWorker) => {
      if (child !== this.#child) return;
      if (message.type === "ready") this.#becomeReady();
      else if (message.type === "done") this.#finish(message.result);
      else this.#replace();
    });
    child.on("error", () => child === this.#child && this.#replace());
    child.on("exit", () => child === this.#child && this.#replace());
    for (const message of this.#snapshots.values()) this.#send(message);
    this.#watch(START_MS);
    this.#keepAlive(false);
  }

  #send(message: ToWorker): void {
    // A process that is gone is noticed by its exit.
    this.#child?.send(message, () => {});
  }

  #becomeReady(): void {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#failed = 0;
    this.#next();
  }

  #next(): void {
    if (this.#running !== null || this.#closed) return;
    if (this.#child === null && this.#again === null) this.#start();
    this.#keepAlive(this.#waiting.length > 0);
    if (!this.#ready) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    this.#watch(this.#limits.timeoutMs);
    this.#send(job.request);
  }

  /** An idle analysis process keeps no program running. */
  #keepAlive(busy: boolean): void {
    const child = this.#child;
    if (busy) {
      child?.ref();
      child?.channel?.ref();
    } else {
      child?.unref();
      child?.channel?.unref();
    }
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

  /** It hangs, broke, or died: the statement at hand is refused, the others go to a new one. */
  #replace(): void {
    if (this.#closed) return;
    this.killed++;
    const child = this.#child;
    const started = this.#ready;
    this.#child = null;
    this.#ready = false;
    child?.kill("SIGKILL");
    // One that never ran keeps its channel open.
    if (child?.connected === true) child.disconnect();
    if (!started) this.#startLater();
    this.#finish(tooComplex());
    if (this.#child === null && this.#again === null) this.#start();
  }

  /** It cannot be started (no memory, no processes): nobody waits for it, and it is tried again, not at once. */
  #startLater(): void {
    const ms = Math.min(AGAIN_MS * 2 ** this.#failed++, AGAIN_AT_MOST_MS);
    this.#again = setTimeout(() => this.#start(), ms).unref();
    for (const job of this.#waiting.splice(0)) job.resolve(tooComplex());
  }
}

const tooComplex = (): Refusal => new Refusal("statement-too-complex");
