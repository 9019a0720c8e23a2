// Does the index say what the evidence says? It is derived, and the evidence stands without it; but people look for sessions by it.
import { type Disclosed, disclosedIn } from "./disclosure.ts";
import type { EvidenceLine } from "./line-read.ts";
import { type SessionSummary, summarizeLine } from "./summary.ts";
import { BadEvidence, type BadPlace, type IndexCheck } from "./verify-types.ts";

/** Makes the rows anew, from the lines of one session after the other. */
export class IndexWalk {
  readonly #check: IndexCheck;
  #so: SessionSummary | null = null;
  #disclosed: Disclosed[] = [];
  /** Sessions with lines that only the journal had when it was read: an index may know them by now. */
  readonly #running = new Set<string>();

  constructor(check: IndexCheck) {
    this.#check = check;
  }

  saw(line: EvidenceLine, { key }: Pick<BadPlace, "key">): void {
    if (key === "journal") {
      this.#running.add(line.session);
      return;
    }
    if (this.#so?.session !== line.session) this.#next();
    this.#so = summarizeLine(this.#so, line);
    this.#disclosed.push(...disclosedIn(line));
  }

  /** @param entries of the ledger that were read: an index may have gone on. @throws BadEvidence */
  async end(entries: number): Promise<void> {
    this.#next();
    const found = await this.#check.difference(this.#running, entries);
    if (found !== null)
      throw new BadEvidence({
        key: "index",
        session: found.session,
        what: `${found.what}; the evidence is whole: \`postern index rebuild\``,
      });
  }

  #next(): void {
    if (this.#so !== null) this.#check.add(this.#so, this.#disclosed);
    this.#so = null;
    this.#disclosed = [];
  }
}
