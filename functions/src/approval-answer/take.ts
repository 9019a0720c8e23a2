// What taking an answer needs of the world, and the one place where an answer is put to the rules.
import { decide } from "#shared/approval/apply.ts";
import type { ApprovalStore, Incident } from "#shared/approval/store.ts";
import type { Answer, AnswerRefusal, ApprovalState, Approver } from "#shared/approval/types.ts";
import type { ReviewSource } from "#shared/review/begin.ts";
import type { PolicyPlace } from "../adapters/policy-place.ts";
import type { Directory, SlackAddress } from "./people.ts";

export interface SlackParts {
  readonly signingSecret: string;
  /** Ids of the one workspace and the one app that may answer. */
  readonly team: string;
  readonly app: string;
  readonly address: SlackAddress;
  readonly directory: Directory;
  /** Shows the form in which somebody can say more. Rejects when it cannot be shown. */
  openForm(trigger: string, request: string, windowMinutes: number): Promise<void>;
  /** Says something to this person alone. */
  whisper(responseUrl: string, text: string): Promise<void>;
}

export interface AnswerParts {
  readonly store: ApprovalStore;
  /** Null where Slack is not used: then no callback is taken. */
  readonly slack: SlackParts | null;
  /** @returns whose token it is, or why it is none */
  verify(token: string): Promise<Approver | { readonly refused: string }>;
  /** True when one of these has been offboarded. */
  revoked(names: readonly string[]): Promise<boolean>;
  readonly policy: PolicyPlace;
  /** Starts the workflow of a break-glass: tells who has to review it, and minds the time. */
  startGlass(id: string, seconds: number): Promise<void>;
  /** Starts the workflow of a request: asks people, and minds the time. */
  startRequest(id: string, seconds: number): Promise<void>;
  /** Ends the task of the workflow that waits for the answer. Never rejects: the workflow looks by itself when its time comes. */
  settle(token: string, state: ApprovalState): Promise<void>;
  /** What a review that somebody begins now is made from; null where only the schedule begins them. */
  readonly reviewSource: ReviewSource | null;
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

export const REASON_LENGTH = 500;

/** @returns why the answer did not count; null when it did */
export async function take(parts: AnswerParts, id: string, answer: Answer): Promise<AnswerRefusal | null> {
  const refused = (await offboarded(parts, id, answer.by)) ?? (await put(parts, id, answer));
  if (refused !== null)
    await report(parts, {
      type: "answer-refused",
      why: refused,
      channel: answer.channel,
      request: id,
      by: answer.by.name,
    });
  return refused;
}

async function put(parts: AnswerParts, id: string, answer: Answer): Promise<AnswerRefusal | null> {
  const done = await decide(parts.store, parts.settle, id, { type: "answer", at: parts.now(), answer });
  return done === null ? "unknown-request" : (done.refused ?? null);
}

/** Who has been offboarded answers nothing, and nothing of theirs is left to be answered. */
async function offboarded(parts: AnswerParts, id: string, by: Approver): Promise<AnswerRefusal | null> {
  if (await parts.revoked([by.name])) return "revoked";
  const state = await parts.store.get(id);
  if (state === null) return null;
  const { name, actsFor } = state.request.requester;
  if (!(await parts.revoked(actsFor === undefined ? [name] : [name, actsFor]))) return null;
  const why = "whoever asked has been offboarded";
  await decide(parts.store, parts.settle, id, { type: "cancel", at: parts.now(), by: "postern", why });
  return "requester-revoked";
}

export async function report(parts: AnswerParts, incident: Omit<Incident, "at">): Promise<void> {
  await parts.store.report({ at: parts.now(), ...incident });
}
