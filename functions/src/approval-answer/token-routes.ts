// What somebody who is signed in can do: look, answer, take back, break the glass, review. Activity reviews are in review-routes.ts, pushes of policy in policy-routes.ts.
import { z } from "zod";
import { applyGlass, decide } from "#shared/approval/apply.ts";
import { breakGlass, type GlassRefusal, type GlassState } from "#shared/approval/break-glass.ts";
import { isRequester, samePerson } from "#shared/approval/quorum.ts";
import type { AnswerRefusal, ApprovalState, Approver } from "#shared/approval/types.ts";
import { refusalText } from "#shared/approval/words.ts";
import { type HttpEvent, type HttpResponse, header, json } from "../adapters/http-api.ts";
import { reading } from "../adapters/http-body.ts";
import { policyRoute } from "./policy-routes.ts";
import { reviewRoute } from "./review-routes.ts";
import { type AnswerParts, REASON_LENGTH, report, take } from "./take.ts";

const reason = z.string().trim().min(1).max(REASON_LENGTH);
const answerBody = z.strictObject({
  decision: z.enum(["approve", "deny"]),
  reason,
  windowMinutes: z.number().positive().exactOptional(),
});
/** Whether they need a reason is for the rules to say. */
const why = z.string().max(REASON_LENGTH);
const glassBody = z.strictObject({ target: z.string(), reason: why, minutes: z.number() });
const reviewBody = z.strictObject({ justified: z.boolean(), reason: why });

const STATUS: Readonly<Record<AnswerRefusal | GlassRefusal, number>> = {
  requester: 403,
  "not-a-person": 403,
  "not-a-member": 403,
  "not-offered": 403,
  "own-glass": 403,
  revoked: 403,
  "requester-revoked": 403,
  "answered-already": 409,
  "decided-already": 409,
  "reviewed-already": 409,
  expired: 410,
  "unknown-request": 404,
  "unknown-glass": 404,
  "no-reason": 400,
  "bad-time": 400,
};

/** How many requests a list shows, besides those that are open or approved. */
const LISTED = 100;

export async function tokenRoute(parts: AnswerParts, event: HttpEvent): Promise<HttpResponse> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header(event, "authorization") ?? "")?.[1];
  const who = token === undefined ? { refused: "no bearer token" } : await parts.verify(token);
  if ("refused" in who) {
    await report(parts, { type: "callback-refused", why: "token", channel: "console" });
    return json(401, { refused: who.refused });
  }
  if (await parts.revoked([who.name])) {
    await report(parts, { type: "answer-refused", why: "revoked", channel: "console", by: who.name });
    return refuse("revoked");
  }
  const [, what, id, action] = event.rawPath.split("/");
  if (what === "reviews") return reviewRoute(parts, event, who);
  if (what === "policy") return policyRoute(parts, event, who);
  const way = [event.requestContext.http.method, what, ...(action === undefined ? [] : [action])].join(" ");
  switch (way) {
    case "GET approvals":
      return id === undefined ? list(parts, who) : show(parts, who, id);
    case "POST approvals answer":
      return reading(event, answerBody, (body) => answer(parts, who, id ?? "", body));
    case "POST approvals cancel":
      return cancel(parts, who, id ?? "");
    case "GET break-glass":
      return glasses(parts, who);
    case "POST break-glass":
      return reading(event, glassBody, (body) => open(parts, who, body));
    case "POST break-glass review":
      return reading(event, reviewBody, (body) => review(parts, who, id ?? "", body));
    default:
      return json(404, { refused: "no such address" });
  }
}

/** Who asked, and who may be asked, see a request; to all others there is none. */
function maySee(state: ApprovalState, who: Approver): boolean {
  return (
    isRequester(who, state.request.requester) ||
    Object.keys(state.request.rules.groups).some((group) => who.groups.includes(group))
  );
}

async function list(parts: AnswerParts, who: Approver): Promise<HttpResponse> {
  const [latest, pending] = await Promise.all([parts.store.latest(LISTED), parts.store.pending()]);
  const older = pending.filter(({ request }) => request.id < (latest.at(-1)?.request.id ?? "")).toReversed();
  return json(200, { requests: [...latest, ...older].filter((state) => maySee(state, who)) });
}

async function show(parts: AnswerParts, who: Approver, id: string): Promise<HttpResponse> {
  const state = await parts.store.get(id);
  return state !== null && maySee(state, who) ? json(200, state) : refuse("unknown-request");
}

async function answer(
  parts: AnswerParts,
  by: Approver,
  id: string,
  body: z.infer<typeof answerBody>,
): Promise<HttpResponse> {
  const refused = await take(parts, id, { by, ...body, channel: "console", authentication: "oidc" });
  return refused === null ? json(200, await parts.store.get(id)) : refuse(refused);
}

async function cancel(parts: AnswerParts, by: Approver, id: string): Promise<HttpResponse> {
  const state = await parts.store.get(id);
  if (state === null || !isRequester(by, state.request.requester)) return refuse("unknown-request");
  const why = "taken back by who asked";
  const done = await decide(parts.store, parts.settle, id, { type: "cancel", at: parts.now(), by: by.name, why });
  return json(200, { status: done?.state.status });
}

/** Those without a review, for whoever broke them and for those who may review them. */
async function glasses(parts: AnswerParts, who: Approver): Promise<HttpResponse> {
  const mine = ({ glass }: GlassState) =>
    samePerson(who, glass.by) || Object.keys(glass.reviewers).some((group) => who.groups.includes(group));
  return json(200, { glasses: (await parts.store.unreviewed()).filter(mine) });
}

async function open(parts: AnswerParts, by: Approver, body: z.infer<typeof glassBody>): Promise<HttpResponse> {
  const state = breakGlass(await parts.policy.approvals(), { id: parts.newId(), by, ...body }, parts.now());
  if (typeof state === "string") {
    await report(parts, { type: "answer-refused", why: `break-glass-${state}`, channel: "console", by: by.name });
    return refuse(state);
  }
  const { id } = state.glass;
  // Nobody goes ahead unannounced: first the workflow that tells the others, then the glass. It retries until it finds it.
  await parts.startGlass(id, Math.ceil((state.reviewDue - parts.now()) / 1000) + 1);
  await parts.store.createGlass(state);
  return json(201, state);
}

async function review(
  parts: AnswerParts,
  by: Approver,
  id: string,
  body: z.infer<typeof reviewBody>,
): Promise<HttpResponse> {
  const done = await applyGlass(parts.store, id, { type: "review", at: parts.now(), by, ...body });
  if (done !== null && done.refused === undefined) return json(200, done.state);
  const refused = done?.refused ?? "unknown-glass";
  await report(parts, {
    type: "answer-refused",
    why: `review-${refused}`,
    channel: "console",
    request: id,
    by: by.name,
  });
  return refuse(refused);
}

function refuse(why: AnswerRefusal | GlassRefusal): HttpResponse {
  const message =
    why in REFUSED_GLASS ? REFUSED_GLASS[why as keyof typeof REFUSED_GLASS] : refusalText(why as AnswerRefusal);
  return json(STATUS[why], { refused: why, message });
}

const REFUSED_GLASS = {
  "not-offered": "the policy offers no break-glass",
  "no-reason": "a reason is needed",
  "bad-time": "that is longer than policy allows, or no time at all",
  "own-glass": "nobody reviews what they did themselves",
  "reviewed-already": "it was reviewed already",
  "unknown-glass": "there is no such break-glass",
} as const;
