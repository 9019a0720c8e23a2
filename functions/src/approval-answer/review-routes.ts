// Activity reviews, for whoever is signed in and of a group that is asked: look, attest, begin one now.
import { z } from "zod";
import type { Approver } from "#shared/approval/types.ts";
import { applyReview, beginReview, type NotBegun } from "#shared/review/begin.ts";
import { listReviews } from "#shared/review/list.ts";
import type { ReviewRefusal } from "#shared/review/machine.ts";
import { DAY } from "#shared/review/period.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { reviewRefusalText } from "#shared/review/words.ts";
import { type HttpEvent, type HttpResponse, json } from "../adapters/http-api.ts";
import { reading } from "../adapters/http-body.ts";
import { type AnswerParts, report } from "./take.ts";

const FINDINGS_LENGTH = 4000;
/** Whether words are needed is for the rules to say. */
const attestBody = z.strictObject({ findings: z.string().max(FINDINGS_LENGTH), concern: z.boolean() });
const beginBody = z.strictObject({ days: z.int().min(1).max(366) });

type Refused = ReviewRefusal | NotBegun;

const STATUS: Readonly<Record<Refused, number>> = {
  "not-a-person": 403,
  "not-a-member": 403,
  "in-the-sample": 403,
  "not-offered": 403,
  "no-findings": 400,
  "attested-already": 409,
  "nothing-to-review": 409,
  "unknown-review": 404,
};

const NOT_BEGUN: Readonly<Record<NotBegun, string>> = {
  "not-offered": "activity reviews are not begun here: policy has none, or only the schedule begins them",
  "nothing-to-review": "there were no sessions: there is nothing to review",
};

const LISTED = 100;

export async function reviewRoute(parts: AnswerParts, event: HttpEvent, who: Approver): Promise<HttpResponse> {
  const [, , id = "", action] = event.rawPath.split("/");
  const way = [
    event.requestContext.http.method,
    ...(id === "" ? [] : ["one"]),
    ...(action === undefined ? [] : [action]),
  ];
  switch (way.join(" ")) {
    case "GET":
      return json(200, { reviews: (await listReviews(parts.store, LISTED)).filter((state) => isAsked(state, who)) });
    case "GET one":
      return show(await parts.store.getReview(id), who);
    case "POST":
      return reading(event, beginBody, ({ days }) => begin(parts, who, days));
    case "POST one attest":
      return reading(event, attestBody, (body) => attest(parts, who, id, body));
    default:
      return json(404, { refused: "no such address" });
  }
}

/** Others see none: the sample names people. */
function isAsked({ review }: ReviewState, who: Approver): boolean {
  return Object.keys(review.reviewers).some((group) => who.groups.includes(group));
}

function show(state: ReviewState | null, who: Approver): HttpResponse {
  return state !== null && isAsked(state, who) ? json(200, state) : refusal("unknown-review");
}

async function begin(parts: AnswerParts, by: Approver, days: number): Promise<HttpResponse> {
  const { store, reviewSource, now } = parts;
  const approvals = await parts.policy.approvals();
  const groups = approvals?.activityReview?.groups;
  if (groups === undefined || reviewSource === null) return refuse(parts, by, "not-offered");
  if (by.kind !== "person") return refuse(parts, by, "not-a-person");
  if (!groups.some((group) => by.groups.includes(group))) return refuse(parts, by, "not-a-member");
  const until = Math.floor(now() / 1000) * 1000;
  const period = { from: until - days * DAY, until };
  const state = await beginReview(store, reviewSource, approvals, period, by.name, now());
  return typeof state === "string" ? refusal(state) : json(201, state);
}

async function attest(
  parts: AnswerParts,
  by: Approver,
  id: string,
  body: z.infer<typeof attestBody>,
): Promise<HttpResponse> {
  const done = await applyReview(parts.store, id, { type: "attest", at: parts.now(), by, ...body });
  if (done !== null && done.refused === undefined) return json(200, done.state);
  return refuse(parts, by, done?.refused ?? "unknown-review", id);
}

async function refuse(parts: AnswerParts, by: Approver, why: Refused, id?: string): Promise<HttpResponse> {
  const request = id === undefined ? {} : { request: id };
  await report(parts, { type: "answer-refused", why: `attest-${why}`, channel: "console", by: by.name, ...request });
  return refusal(why);
}

function refusal(why: Refused): HttpResponse {
  const message = why in NOT_BEGUN ? NOT_BEGUN[why as NotBegun] : reviewRefusalText(why as ReviewRefusal);
  return json(STATUS[why], { refused: why, message });
}
