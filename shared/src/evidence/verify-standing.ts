// Whatever ran without new answers, by a window or a break-glass: is there one in the gateway's own log that covers it?
import type { GlassChange } from "../approval/break-glass.ts";
import { isRequester } from "../approval/quorum.ts";
import type { ApprovalChange } from "../approval/types.ts";
import type { ApprovalUse, EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";

/** Between a moment and the durable line that tells of it, and between the clocks of those who write. */
export const SPARE_MS = 60_000;
const MINUTE = 60_000;

type RequestLine = EvidenceEvent & { readonly type: "approval.changed" };
type GlassLine = EvidenceEvent & { readonly type: "break-glass.changed" };
type Approved = ApprovalChange & { readonly type: "approved" };

/** What is wrong; or what could not be checked. */
export type Trouble = { readonly bad: string } | { readonly note: string };

export class StandingLog {
  readonly #requests = new Map<string, RequestLine[]>();
  readonly #glasses = new Map<string, GlassLine[]>();
  #latest = 0;

  saw({ event, time }: EvidenceLine): void {
    this.#latest = Math.max(this.#latest, time);
    if (event.type === "approval.changed") add(this.#requests, event.id, event);
    else if (event.type === "break-glass.changed") add(this.#glasses, event.id, event);
  }

  /** @param whole all sessions were read: what is missing is missing, but for what the log may be behind */
  trouble(use: ApprovalUse, line: EvidenceLine, whole: boolean): Trouble | null {
    const { through } = use;
    if (through === undefined) return null;
    const name = through.kind === "window" ? `the window of request ${through.id}` : `break-glass ${through.id}`;
    const [requests, glasses] = [this.#requests.get(through.id) ?? [], this.#glasses.get(through.id) ?? []];
    if ((through.kind === "window" ? requests : glasses).length === 0) {
      const late = whole && this.#latest - line.time > SPARE_MS;
      return late ? { bad: `${name} is not in the log` } : { note: `the log of ${name} was not read` };
    }
    const wrong = through.kind === "window" ? windowProblem(use, line, requests) : glassProblem(use, line, glasses);
    return wrong === null ? null : { bad: `request ${use.id} was let through by ${name}, ${wrong}` };
  }
}

/** @returns why none of the windows that this request's approval opened covers the run; null when one does */
function windowProblem(use: ApprovalUse, line: EvidenceLine, log: readonly RequestLine[]): string | null {
  const [first] = log;
  const approved = log.map(({ change }) => change).find((c): c is Approved => c.type === "approved");
  if (first === undefined || approved?.windowUntil === undefined) return "which opened none";
  if (first.requester !== use.requester.name) return `which is for ${first.requester}`;
  if (first.target !== line.target) return `which is for ${first.target}`;
  if (first.factsDigest !== use.factsDigest) return "which is for other facts";
  // The rules let through between these times alone; what ends it early may be written while they look.
  if (use.approvedAt < approved.at) return "which was not open yet";
  if (use.approvedAt >= approved.windowUntil) return "which was over";
  const closed = log.find(({ change }) => change.type === "cancelled" && change.at < use.approvedAt - SPARE_MS);
  if (closed !== undefined) return "which was taken back";
  return openersProblem(use, log, approved);
}

/** Those who opened it are others than who uses it, and each of them said so, for that long. */
function openersProblem(use: ApprovalUse, log: readonly RequestLine[], approved: Approved): string | null {
  const answers = log.flatMap(({ change }) => (change.type === "answered" ? [change.answer] : []));
  const agreed = answers.filter(({ decision }) => decision === "approve");
  if (approved.counted.length === 0) return "which nobody opened";
  const stranger = approved.counted.find(({ name }) => !agreed.some(({ by }) => by.name === name));
  if (stranger !== undefined) return `to which ${stranger.name} did not agree`;
  const requester = { kind: "person", ...use.requester } as const;
  if (agreed.some(({ by }) => isRequester(by, requester))) return "which whoever uses it opened";
  const minutes = Math.min(...agreed.map((answer) => answer.windowMinutes ?? 0));
  return (approved.windowUntil ?? 0) > approved.at + minutes * MINUTE ? "which is longer than was agreed" : null;
}

function glassProblem(use: ApprovalUse, line: EvidenceLine, log: readonly GlassLine[]): string | null {
  const [first] = log;
  const changes = log.map(({ change }) => change);
  const opened = changes.find((change) => change.type === "opened");
  if (first === undefined || opened === undefined) return "which nobody broke";
  if (use.requester.actsFor !== undefined || first.by !== use.requester.name) return `which ${first.by} broke`;
  if (first.target !== line.target) return `which is for ${first.target}`;
  if (use.approvedAt < opened.at - SPARE_MS) return "which was not broken yet";
  if (use.approvedAt >= first.until) return "whose time was over";
  return changes.some((change) => ends(change) && change.at < use.approvedAt - SPARE_MS) ? "which had ended" : null;
}

function ends(change: GlassChange): boolean {
  return change.type === "ended" || change.type === "reviewed";
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
