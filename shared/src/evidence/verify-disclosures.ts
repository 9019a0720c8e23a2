// Does the evidence say whose records were shown, wherever it says that some were? What masking counted is held against the disclosures.
import type { DisclosureEvent, EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";
import { BadEvidence, type BadPlace } from "./verify-types.ts";

type Place = Omit<BadPlace, "what">;
type Finished = Extract<EvidenceEvent, { type: "finished" }>;

const SUBJECT = /^[0-9a-f]{32}$/;

/** Sees the lines of sessions, one session after the other. */
export class DisclosureWalk {
  #session = "";
  /** Version of the key; null where disclosures are not recorded. */
  #key: number | null = null;
  readonly #statements = new Set<number>();
  /** Statements whose results were told of since they last came to their end. */
  readonly #told = new Set<number>();

  /** @throws BadEvidence */
  saw({ event, session, seq }: EvidenceLine, place: Place): void {
    if (session !== this.#session) this.#begin(session);
    if (event.type === "session.opened") this.#key = event.disclosureKey ?? null;
    else if (event.type === "statement") this.#statements.add(seq);
    else if (event.type === "disclosure") this.#disclosed(event, place);
    else if (event.type === "finished") this.#finished(event, place);
  }

  #begin(session: string): void {
    this.#session = session;
    this.#key = null;
    this.#statements.clear();
    this.#told.clear();
  }

  #disclosed(event: DisclosureEvent, place: Place): void {
    const { ref, subjects, complete, untold, keyVersion, domain } = event;
    if (!this.#statements.has(ref)) throw bad(place, `no event ${ref} is a statement whose result could show anything`);
    if (keyVersion !== this.#key) throw bad(place, "the disclosure names another key than its session");
    if (complete !== (untold === 0) || (subjects.length === 0 && complete) || (subjects.length > 0 && domain === null))
      throw bad(place, "the disclosure contradicts itself");
    if (!subjects.every((subject) => SUBJECT.test(subject)))
      throw bad(place, "the disclosure names what is no subject");
    this.#told.add(ref);
  }

  #finished({ ref, masks }: Finished, place: Place): void {
    const shown = masks.find((mask) => mask.subjects === true && mask.clear > 0);
    if (shown !== undefined && this.#key !== null && !this.#told.has(ref))
      throw bad(
        place,
        `column ${shown.column} of event ${ref} was shown in clear, and no disclosure says whose records (disclosures-complete)`,
      );
    this.#told.delete(ref);
  }
}

function bad(place: Place, what: string): BadEvidence {
  return new BadEvidence({ ...place, what });
}
