// What a session is shown, behind THE ORDER: results under their masks, what is sealed of what masks hide, whose records stay in clear.
import { type SubjectHash, subjectHasher } from "#shared/disclosure/subject.ts";
import type { Shown } from "#shared/disclosure/types.ts";
import { watchOver } from "#shared/disclosure/watch-over.ts";
import { Refusal } from "#shared/errors.ts";
import { indexOf } from "#shared/masking/catalog-index.ts";
import type { CopyShape } from "#shared/masking/copy.ts";
import type { Mismatch } from "#shared/masking/rows.ts";
import type { CopyMask, RowMask, Shape } from "#shared/masking/types.ts";
import type { Target } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { AnswerPlace, Command } from "../protocol.ts";
import { AskedKeys, type KeyPlan } from "./asked-keys.ts";
import { maskOfCopy, maskOfRows, shownCopy, shownRows, type Where } from "./conceal.ts";
import { Disclosures } from "./disclosing.ts";
import { Inspections } from "./inspect.ts";
import type { Judged } from "./judged.ts";
import { Originals } from "./originals.ts";
import type { GateParts } from "./parts.ts";

export class Showing {
  readonly #parts: GateParts;
  readonly #evidence: SessionEvidence;
  readonly #target: Target;
  readonly #originals: Originals;
  readonly #inspections: Inspections;
  readonly #disclosures: Disclosures;
  readonly #hash: SubjectHash;
  /** What is asked beside the command that runs. */
  #asking: AskedKeys | null = null;

  constructor(parts: GateParts, evidence: SessionEvidence, target: Target) {
    this.#parts = parts;
    this.#evidence = evidence;
    this.#target = target;
    this.#originals = new Originals(evidence, target.sealed);
    this.#inspections = new Inspections(parts, evidence);
    this.#disclosures = new Disclosures(evidence, parts.subjects.version);
    this.#hash = subjectHasher(parts.subjects.hmac, target.name);
  }

  /** A command was announced, or refused, by the newest event. @param judged null when it could not be judged */
  command(command: Command, judged: Judged | null): void {
    this.#originals.command(command, judged);
  }

  /** Asks for keys beside a run of a command. */
  asking(plan: KeyPlan, text: string, run: number): AskedKeys {
    const snapshot = this.#parts.analysis.snapshot(this.#target.name);
    const watched = (shown: readonly Shown[], shape: Shape) =>
      snapshot === null
        ? null
        : watchOver({ shown, hash: this.#hash }, indexOf(snapshot), (column) => ({
            type: shape[column]?.type ?? 0,
            binary: false,
          }));
    const begins = (keys: AskedKeys) => {
      this.#asking = keys;
    };
    return new AskedKeys({ run, watchOver: watched, begins }, plan, text);
  }

  rows(judged: Judged, index: number, shape: Shape, place: AnswerPlace, now: number): RowMask | Refusal {
    const where = this.#where(judged, now);
    const asked = this.#asking?.run === place.run ? this.#asking : null;
    const mask = this.#begun(judged, maskOfRows(this.#parts, judged, index, shape, where), asked);
    if (mask instanceof Refusal) return mask;
    return this.#originals.behind(mask, place, () => shownRows(this.#parts, judged, index, shape, where));
  }

  copy(judged: Judged, index: number, shape: CopyShape, place: AnswerPlace, now: number): CopyMask | Refusal {
    const where = this.#where(judged, now);
    const mask = this.#begun(judged, maskOfCopy(this.#parts, judged, index, shape, where));
    if (mask instanceof Refusal) return mask;
    return this.#originals.behind(mask, place, () => shownCopy(this.#parts, judged, index, shape, where));
  }

  get keepsOriginals(): boolean {
    return this.#originals.kept;
  }

  withheld(message: Uint8Array, place: AnswerPlace): void {
    this.#originals.withheld(message, place);
  }

  input(run: number, message: Uint8Array): void {
    this.#originals.input(run, message);
  }

  /** Resolves when the evidence says whose records were shown so far; null when it does. Rejects when it cannot be written. */
  disclosing(): Promise<void> | null {
    return this.#disclosures.durable();
  }

  /** Nothing more can wait. */
  hurry(): void {
    this.#disclosures.hurry();
  }

  output(bytes: Uint8Array): void {
    this.#originals.recorded(bytes.length);
    this.#evidence.output(bytes);
  }

  /** The result is over. */
  over(): void {
    this.#originals.settle();
    this.#disclosures.end();
    this.#asking = null;
  }

  /** Nobody waits for what is being looked at any longer. */
  giveUp(): void {
    this.#inspections.giveUp();
  }

  #where(judged: Judged, now: number): Where {
    const target = this.#target.name;
    return { target, now, ask: this.#inspections.about(target, judged.ref), hash: this.#hash };
  }

  #begun<T extends RowMask | CopyMask>(
    judged: Judged,
    mask: T | Mismatch,
    asked: AskedKeys | null = null,
  ): T | Refusal {
    if ("mismatch" in mask) return new Refusal("result-mismatch", { detail: mask.mismatch });
    this.#disclosures.begin(mask.watch, judged.ref, asked);
    return mask;
  }
}
