// Another policy: somebody proposes it, and those whom the policy in force names have to agree, by the same answers as to any other request.
import { hash } from "node:crypto";
import { z } from "zod";
import { nextDue, open, secondsUntil } from "#shared/approval/machine.ts";
import type { ApprovalStatus, Approver } from "#shared/approval/types.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import { changeWords } from "#shared/policy/push/changes.ts";
import { type PushRefusal, propose, pushRefusalText } from "#shared/policy/push/propose.ts";
import { MOST_POLICY_TEXT, type Push } from "#shared/policy/push/types.ts";
import { type HttpEvent, type HttpResponse, json } from "../adapters/http-api.ts";
import { reading } from "../adapters/http-body.ts";
import { type AnswerParts, REASON_LENGTH, report } from "./take.ts";

const file = z.string().max(MOST_POLICY_TEXT);
const pushBody = z.strictObject({
  files: z
    .record(z.string().regex(/^[a-z]+\.(cedar|yaml)$/), file)
    .refine((files) => Object.values(files).reduce((sum, text) => sum + text.length, 0) <= MOST_POLICY_TEXT),
  previous: z.string(),
  from: z.number().optional(),
  reason: z.string().max(REASON_LENGTH),
});

const STATUS: Readonly<Record<PushRefusal, number>> = {
  "not-offered": 403,
  "not-a-person": 403,
  "not-an-author": 403,
  "no-reason": 400,
  "bad-time": 400,
  superseded: 409,
  "no-change": 409,
};
const LISTED = 20;

/** What is told of a push where its files are not asked for. */
export interface PushSummary extends Omit<Push, "files"> {
  /** `over`: it was decided so long ago that its request is forgotten. */
  readonly status: ApprovalStatus | "in-force" | "over";
}

export async function policyRoute(parts: AnswerParts, event: HttpEvent, who: Approver): Promise<HttpResponse> {
  const [, , id = ""] = event.rawPath.split("/");
  const { method } = event.requestContext.http;
  if (method === "POST" && id === "") return reading(event, pushBody, (body) => push(parts, who, body));
  // Who may propose it and who has to agree to it see what it is; to others there is none.
  if (method !== "GET" || !concerns(await parts.policy.approvals(), who))
    return json(404, { refused: "no such address" });
  return id === "" ? current(parts) : show(parts, id);
}

function concerns(approvals: Approvals | null, who: Approver): boolean {
  const { authors = [], groups = [] } = approvals?.policyChange ?? {};
  return [...authors, ...groups].some((group) => who.groups.includes(group));
}

async function current(parts: AnswerParts): Promise<HttpResponse> {
  const [{ files, push: inForce }, latest] = await Promise.all([
    parts.policy.inForce(),
    parts.store.latestPushes(LISTED),
  ]);
  const pushes = await Promise.all(latest.map((one) => summary(parts, one, inForce?.push)));
  return json(200, { files, inForce, pushes });
}

async function show(parts: AnswerParts, id: string): Promise<HttpResponse> {
  const push = await parts.store.getPush(id);
  return push === null ? json(404, { refused: "there is no such push" }) : json(200, push);
}

async function summary(parts: AnswerParts, { files: _, ...push }: Push, inForce?: string): Promise<PushSummary> {
  const state = await parts.store.get(push.id);
  return { ...push, status: push.id === inForce ? "in-force" : (state?.status ?? "over") };
}

async function push(parts: AnswerParts, by: Approver, body: z.infer<typeof pushBody>): Promise<HttpResponse> {
  const { policy, store, now } = parts;
  const [{ files }, approvals] = await Promise.all([policy.inForce(), policy.approvals()]);
  const [before, after] = await Promise.all([policy.load(files), policy.load(body.files)]);
  if ("problems" in before) throw new Error("the policy in force cannot be read");
  if ("problems" in after)
    return json(422, { refused: "broken", message: "the bundle is refused", problems: after.problems });
  const at = now();
  const wish = { ...body, id: parts.newId(), by, from: body.from ?? at };
  const proposal = propose({ ...before, approvals }, after, wish, at, (text) => hash("sha256", text, "hex"));
  if (typeof proposal === "string") {
    await report(parts, { type: "answer-refused", why: `policy-${proposal}`, channel: "console", by: by.name });
    return json(STATUS[proposal], { refused: proposal, message: pushRefusalText(proposal) });
  }
  // First the push, then what asks for it: nobody is asked about what is not there.
  await store.createPush(proposal.push);
  const { state } = open(proposal.request, [], at);
  await store.create(state);
  await parts.startRequest(wish.id, secondsUntil(nextDue(state), at));
  return json(201, { state, changes: changeWords(proposal.changes) });
}
