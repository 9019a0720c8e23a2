// A command that would change more rows than are kept, where the target's rules have people asked: they agree to exactly this command, as they
// do where policy holds it. It is found out beside the command, in its transaction: nobody waits there, the same command comes again.
import { Refusal } from "#shared/errors.ts";
import type { ApprovalUse } from "#shared/evidence/event.ts";
import { askedBeyond } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Command } from "../protocol.ts";
import type { Asker } from "./asking.ts";
import { within } from "./deadline.ts";
import { Hold } from "./hold.ts";
import type { AskBeyond } from "./images.ts";
import type { Judged } from "./judged.ts";
import type { GateParts } from "./parts.ts";

/** Milliseconds that the store of approvals may take: rows are locked meanwhile. */
const PATIENCE_MS = 10_000;

export class Beyond {
  readonly #parts: GateParts;
  readonly #evidence: SessionEvidence;
  #hold: Hold | null = null;

  constructor(parts: GateParts, evidence: SessionEvidence) {
    this.#parts = parts;
    this.#evidence = evidence;
  }

  /**
   * Called as the command is judged: of settings, those of now count. What is judged later runs behind it.
   * @param obstacle why it may not run any more as it was judged
   * @returns null where nobody is asked
   */
  asking(asker: Asker, command: Command, judged: Judged, obstacle: () => Refusal | null): AskBeyond | null {
    const { images } = asker.target;
    const groups = askedBeyond(images);
    if (images === "off" || groups.length === 0) return null;
    const beyond = images.rows;
    const settings = asker.settings.copy();
    return async (relations) => {
      if (covers(judged.approval, groups)) return null;
      const known = this.#parts.approvals.rules?.groups ?? {};
      // Another policy may be in force by now than the one that this session began with.
      if (!groups.every((group) => Object.hasOwn(known, group)))
        return new Refusal("approval-impossible", {
          hint: "Connect anew: those who could approve it are others by now.",
        });
      const held = heldBeyond(judged, groups, `${asker.principal.name} asks to ${wish(beyond, relations)}`);
      const hold = new Hold(this.#parts, this.#evidence, { ...asker, settings, beyond });
      this.#hold = hold;
      const asked = hold.run(command, held, "retry", async () => obstacle() ?? held);
      const released = await within(PATIENCE_MS, asked).catch(() => new Refusal("approval-unavailable"));
      this.#hold = null;
      if (!(released instanceof Refusal)) return released.approval;
      hold.giveUp(released, null);
      return released;
    };
  }

  giveUp(refusal: Refusal, cancel: string | null): void {
    this.#hold?.giveUp(refusal, cancel);
  }
}

/** People of all these groups agreed to exactly this command already, because policy holds it. */
function covers(approval: ApprovalUse | null, groups: readonly string[]): boolean {
  if (approval === null || approval.through !== undefined) return false;
  return groups.every((group) => approval.needed.some((need) => need.group === group));
}

function heldBeyond(judged: Judged, groups: readonly string[], why: string): Judged {
  const obligations = [{ type: "approval", groups }] as const;
  return { ...judged, decision: { ...judged.decision, outcome: "hold", why, obligations } };
}

function wish(rows: number, relations: readonly string[]): string {
  return `change more than ${rows} rows of ${relations.join(" and of ")}, more than are kept before and after`;
}
