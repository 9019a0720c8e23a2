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

  constructor(check: IndexCheck) {
    this.#check = check;
  }

  /** What only the journal has is not in an index yet. */
  saw(line: EvidenceLine, { key }: Pick<BadPlace, "key">): void {
    if (key === "journal") return;
    if (this.#so?.session !== line.session) this.#next();
    this.#so = summarizeLine(this.#so, line);
    this.#disclosed.push(...disclosedIn(line));
  }

  /** @throws BadEvidence */
  async end(): Promise<void> {
    this.#next();
    const found = await this.#check.difference();
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
