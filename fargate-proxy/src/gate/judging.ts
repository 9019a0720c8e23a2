// What the commands of one session are judged to be: analysed, decided by policy, and what follows from the decision; remembered for when they come
// again. What becomes of a judged command is session.ts's.
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { Target } from "#shared/target.ts";
import type { Claim, Command } from "../protocol.ts";
import { within } from "./deadline.ts";
import { type Judged, judgedAs } from "./judged.ts";
import type { GateParts } from "./parts.ts";
import { refersToNames, withReferred } from "./refers.ts";
import { undefinedRefusal } from "./refusal.ts";

export type Found = Analysis | SyntaxProblem | Refusal;

/** Milliseconds that analysis, a decision or a look at the catalog may take. */
export const PATIENCE_MS = 20_000;
/** Statements whose judgement a session keeps: beyond it the oldest are judged anew. */
const REMEMBERED = 2000;

export interface Asker {
  readonly principal: Principal;
  readonly target: Target;
  readonly claim: Claim;
  /** When the session was last active, in milliseconds since the epoch. */
  readonly lastActive: () => number;
}

export class Judging {
  readonly #parts: GateParts;
  readonly #asker: Asker;
  readonly #judged = new Map<Analysis, Judged>();

  constructor(parts: GateParts, asker: Asker) {
    this.#parts = parts;
    this.#asker = asker;
  }

  get #snapshot(): CatalogSnapshot | null {
    return this.#parts.analysis.snapshot(this.#asker.target.name);
  }

  async analyse({ text, context }: Command): Promise<Found> {
    for (;;) {
      const { bundle } = this.#parts;
      const analysing = Promise.resolve(this.#parts.analysis.analyse(text, context));
      const found = await within(PATIENCE_MS, analysing).catch(() => new Refusal("internal"));
      // Policy vouches for functions: what was analysed under another is analysed anew.
      if (bundle === this.#parts.bundle) return found;
    }
  }

  /** With what it names in place. A cursor goes on as what it was opened as: not where it calls what the policy of then vouched for. */
  filledIn(found: Analysis, command: Command): Analysis {
    if (!refersToNames(found)) return found;
    const { version } = this.#parts.bundle;
    return withReferred(found, (kind, name) => {
      const named = command.resolve(kind, name) as Judged | undefined;
      const outdated = named !== undefined && callsDeclared(named.analysis) && named.decision.version !== version;
      return outdated ? undefined : named;
    });
  }

  /** A name that is not in the snapshot may be new: looks at the target's catalog once more before saying no. */
  async lookAgain(command: Command, first: Analysis): Promise<Found> {
    const before = this.#snapshot;
    await this.refresh().catch(() => {});
    let analysis = first;
    if (this.#snapshot !== before) {
      const found = await this.analyse(command);
      if (found instanceof Refusal || "syntax" in found) return found;
      analysis = this.filledIn(found, command);
    }
    return undefinedRefusal(analysis.statements.map((s) => s.facts)) ?? analysis;
  }

  refresh(): Promise<void> {
    return within(PATIENCE_MS, this.#parts.analysis.refresh(this.#asker.target.name));
  }

  /** Asks policy, and keeps what follows from its answer. */
  decide(command: Command, analysis: Analysis): Promise<Judged | Refusal> {
    const { principal, target, claim, lastActive } = this.#asker;
    const snapshot = this.#snapshot;
    // Another policy may come into force while this one is asked: what follows from its answer is by its own catalog.
    const { catalog } = this.#parts.bundle;
    const outOfStep = snapshot === null ? [] : catalog.outOfStep(snapshot);
    const request = {
      principal,
      target: target.name,
      question: { type: "command", facts: analysis.statements.map((s) => s.facts) },
      ...(claim.purpose === undefined ? {} : { purpose: claim.purpose }),
      ...(outOfStep.length === 0 ? {} : { outOfStep }),
      source: claim.source.address,
      time: lastActive(),
    } as const;
    const { clock, meter } = this.#parts;
    const asked = clock.micros();
    return within(PATIENCE_MS, this.#parts.decisions.decide(request)).then(
      (decision) => {
        meter.time("decide", clock.micros() - asked);
        const decided = { command, analysis, decision, snapshot, disclosures: target.disclosures !== "off" };
        return this.#keep(judgedAs(catalog, target, decided, request.time));
      },
      () => new Refusal("decision-unavailable"),
    );
  }

  #keep(judged: Judged): Judged {
    if (this.#judged.size >= REMEMBERED)
      for (const oldest of this.#judged.keys()) if (this.#judged.delete(oldest)) break;
    this.#judged.set(judged.analysis, judged);
    return judged;
  }

  /** What was judged before, as long as it holds. */
  known(analysis: Analysis, command: Command): Judged | undefined {
    const judged = this.#judged.get(analysis);
    return judged !== undefined && this.isCurrent(judged, command) ? judged : undefined;
  }

  isCurrent(judged: Judged, command: Command): boolean {
    return (
      judged.validUntil > this.#asker.lastActive() &&
      judged.context === command.context &&
      judged.snapshot === this.#snapshot
    );
  }

  forget(): void {
    this.#judged.clear();
  }
}

function callsDeclared({ statements }: Analysis): boolean {
  return statements.some(({ facts, effects }) =>
    [facts, ...effects.flatMap((effect) => ("facts" in effect ? [effect.facts] : []))].some(({ functions }) =>
      functions.some(({ standing }) => standing === "declared"),
    ),
  );
}
