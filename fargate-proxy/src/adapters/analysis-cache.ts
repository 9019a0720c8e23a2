// Analyses that may be used again. A statement that differs from a known one in literals only is found by its normalized text; one whose
// literals decided something, by its exact text.
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";

type Known = Analysis | SyntaxProblem;

interface Entry {
  /** The analysis, or null: literals decide, so look by exact text. */
  readonly found: Analysis | null;
  readonly size: number;
}

/** Rough bytes that an analysis takes besides its text. */
const OVERHEAD = 2048;

/** Analyses of one target, search path and snapshot; least recently used go first. */
export class AnalysisCache {
  readonly #entries: number;
  readonly #bytes: number;
  readonly #known = new Map<string, Entry>();
  #size = 0;

  constructor(entries: number, bytes: number) {
    this.#entries = entries;
    this.#bytes = bytes;
  }

  find(normalized: string, text: string): Analysis | undefined {
    const entry = this.#known.get(normalized);
    if (entry === undefined) return undefined;
    if (entry.found !== null) return this.#touch(normalized, entry);
    // The mark keeps exact texts apart from normalized ones: no statement begins with it.
    const exact = this.#known.get(`\0${text}`);
    return exact === undefined ? undefined : this.#touch(`\0${text}`, exact);
  }

  keep(text: string, known: Known): void {
    if ("syntax" in known) return;
    if (known.literalFree) this.#put(known.normalized, known);
    else {
      this.#put(known.normalized, null);
      this.#put(`\0${text}`, known);
    }
  }

  get size(): number {
    return this.#known.size;
  }

  #touch(key: string, entry: Entry): Analysis | undefined {
    // Moving an entry to the end costs more than it saves while there is room.
    if (this.#known.size > this.#entries / 2 || this.#size > this.#bytes / 2) {
      this.#known.delete(key);
      this.#known.set(key, entry);
    }
    return entry.found ?? undefined;
  }

  #put(key: string, found: Analysis | null): void {
    const old = this.#known.get(key);
    if (old !== undefined) {
      this.#known.delete(key);
      this.#size -= old.size;
    }
    const size = key.length * 4 + (found === null ? 64 : OVERHEAD + weightOf(found));
    if (size > this.#bytes / 8) return;
    this.#known.set(key, { found, size });
    this.#size += size;
    while (this.#known.size > this.#entries || this.#size > this.#bytes) {
      const [first, entry] = this.#known.entries().next().value!;
      this.#known.delete(first);
      this.#size -= entry.size;
    }
  }
}

function weightOf(analysis: Analysis): number {
  let weight = 0;
  for (const { facts } of analysis.statements) {
    weight += 200 * (facts.relations.length + facts.influence.length + facts.functions.length + facts.gaps.length);
    for (const output of facts.outputs ?? []) weight += 100 + 16 * output.sources.length;
    for (const flow of facts.flows) weight += 100 + 16 * flow.from.length;
  }
  return weight;
}
