// SQL text to facts: the hot path is one normalization and one map look-up; all else goes to the analysis process.
import { estimate, normalize } from "#shared/analysis/sql/normalize.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { Refusal } from "#shared/errors.ts";
import type { AnalysisContext, AnalysisPort } from "../ports/analysis.ts";
import { AnalysisCache } from "./analysis-cache.ts";
import { AnalysisProcess, type Outcome, type ProcessLimits } from "./analysis-process.ts";
import { type CatalogSource, CatalogWatch } from "./catalog-watch.ts";

export interface AnalysisParts {
  /** Where snapshots come from, by target. */
  readonly catalogs: ReadonlyMap<string, CatalogSource>;
  /** Functions of the server that the policy's catalog vouches for. */
  declared(target: string, name: string): { readonly reveals: "nothing" | "arguments" } | null;
  /** Columns that say whose record a row is, for targets where keys are asked for that a result does not show. */
  keyColumns?(target: string): ReadonlySet<string>;
  /** Called with each new snapshot, to keep it where `postern explain` finds it. */
  onSnapshot?(snapshot: CatalogSnapshot): void;
  /** A target's catalog could not be read; statements are analysed against the snapshot of before, if there is one. */
  onFailure?(target: string, error: unknown): void;
}

export interface AnalysisLimits extends ProcessLimits {
  /** Characters of one command string. */
  readonly length: number;
  /** Depth of the parse tree, as estimated from the text. */
  readonly depth: number;
  /** Per target and search path. */
  readonly entries: number;
  readonly bytes: number;
  readonly pollMs: number;
}

export const ANALYSIS_LIMITS: AnalysisLimits = {
  timeoutMs: 2000,
  heapMegabytes: 1024,
  queue: 1000,
  length: 1024 * 1024,
  depth: 1000,
  entries: 4096,
  bytes: 64 * 1024 * 1024,
  pollMs: 5000,
};

/** How much longer than the longest text what the parser makes of it may be. */
const EXPANDED = 4;
/** Search paths per target whose analyses are kept. */
const SPACES = 64;

export interface RunningAnalysis extends AnalysisPort {
  /** Takes the first snapshots; a target that cannot be reached is tried again by the poll. */
  start(): Promise<void>;
  /** Policy vouches for other functions from now on: what was analysed before is analysed anew. */
  redeclare(): void;
  close(): Promise<void>;
  /** Analysis processes that had to be thrown away so far. */
  readonly killed: number;
}

export function createAnalysis(parts: AnalysisParts, limits: AnalysisLimits = ANALYSIS_LIMITS): RunningAnalysis {
  return new CachedAnalysis(parts, limits);
}

class CachedAnalysis implements RunningAnalysis {
  readonly #limits: AnalysisLimits;
  readonly #process: AnalysisProcess;
  readonly #watches = new Map<string, CatalogWatch>();
  /** Per target, then search path. Thrown away whole when the target's snapshot changes. */
  readonly #spaces = new Map<string, Map<string, AnalysisCache>>();
  /** Contexts are immutable, so what belongs to one is found by identity. */
  #byContext = new WeakMap<AnalysisContext, AnalysisCache>();
  readonly #underWay = new Map<string, Promise<Outcome>>();

  constructor(parts: AnalysisParts, limits: AnalysisLimits) {
    this.#limits = limits;
    this.#process = new AnalysisProcess(limits);
    for (const [target, source] of parts.catalogs) {
      const take = (snapshot: CatalogSnapshot): void => {
        this.#spaces.delete(target);
        this.#byContext = new WeakMap();
        // The same catalog may come with other functions that policy vouches for.
        this.#underWay.clear();
        this.#process.use(snapshot, declaredIn(snapshot, parts), parts.keyColumns?.(target) ?? new Set());
        parts.onSnapshot?.(snapshot);
      };
      const failed = (error: unknown): void => parts.onFailure?.(target, error);
      this.#watches.set(target, new CatalogWatch(target, source, limits.pollMs, take, failed));
    }
  }

  async start(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.start()));
  }

  analyse(text: string, context: AnalysisContext): Outcome | Promise<Outcome> {
    const normalized = normalize(text);
    const cache = this.#byContext.get(context) ?? this.#cacheFor(context);
    return cache.find(normalized, text) ?? this.#miss(text, context, cache);
  }

  snapshot(target: string): CatalogSnapshot | null {
    return this.#watches.get(target)?.snapshot ?? null;
  }

  async refresh(target: string): Promise<void> {
    await this.#watches.get(target)?.refresh();
  }

  redeclare(): void {
    for (const watch of this.#watches.values()) watch.renew();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    await this.#process.close();
  }

  get killed(): number {
    return this.#process.killed;
  }

  #cacheFor(context: AnalysisContext): AnalysisCache {
    const { entries, bytes } = this.#limits;
    let cache: AnalysisCache | undefined;
    if (context.temporary.size > 0 || context.unsettled === true) cache = new AnalysisCache(256, bytes / 64);
    else {
      const spaces = this.#spaces.get(context.target) ?? new Map<string, AnalysisCache>();
      this.#spaces.set(context.target, spaces);
      const path = JSON.stringify(context.searchPath);
      cache = spaces.get(path) ?? new AnalysisCache(entries, bytes);
      // A client that makes up search paths costs others no memory, only itself time.
      spaces.delete(path);
      spaces.set(path, cache);
      if (spaces.size > SPACES) spaces.delete(spaces.keys().next().value!);
    }
    this.#byContext.set(context, cache);
    return cache;
  }

  #miss(text: string, context: AnalysisContext, cache: AnalysisCache): Outcome | Promise<Outcome> {
    if (text.length > this.#limits.length) return new Refusal("statement-too-long");
    // The parser sees a text only up to a zero byte.
    if (text.includes("\0")) return new Refusal("statement-syntax", { message: "invalid byte sequence: 0x00" });
    const { depth, length } = estimate(text);
    if (depth > this.#limits.depth || length > EXPANDED * this.#limits.length)
      return new Refusal("statement-too-complex");
    const snapshot = this.snapshot(context.target);
    if (snapshot === null) return new Refusal("target-down");
    const { target, searchPath, temporary, unsettled = false } = context;
    const shared = temporary.size === 0 && !unsettled;
    const key = shared ? JSON.stringify([target, snapshot.fingerprint, searchPath, text]) : null;
    const running = key === null ? undefined : this.#underWay.get(key);
    if (running !== undefined) return running;
    const made: Promise<Outcome> = this.#process
      .run({ type: "analyse", target, text, searchPath, temporary, unsettled })
      .then((outcome) => {
        if (key !== null && this.#underWay.get(key) === made) this.#underWay.delete(key);
        // A snapshot that came in between may have been used or not.
        if (!(outcome instanceof Refusal) && this.snapshot(target) === snapshot) cache.keep(text, outcome);
        return outcome;
      });
    if (key !== null) this.#underWay.set(key, made);
    return made;
  }
}

function declaredIn(snapshot: CatalogSnapshot, parts: AnalysisParts): Map<string, "nothing" | "arguments"> {
  const declared = new Map<string, "nothing" | "arguments">();
  for (const { schema, name } of snapshot.functions) {
    const full = `${schema}.${name}`;
    if (declared.has(full)) continue;
    const found = parts.declared(snapshot.target, full);
    if (found !== null) declared.set(full, found.reveals);
  }
  return declared;
}
