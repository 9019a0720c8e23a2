// The only way in for what people say: an answer, a break-glass, its review. Who says it is proven by Slack's signature and the identity
// provider's directory, or by a token. A GET never decides anything: whatever previews links may follow this one.
import { createHash } from "node:crypto";
import { refusalText } from "#shared/approval/words.ts";
import {
  bytesOf,
  type HttpEvent,
  type HttpResponse,
  header,
  httpEvent,
  json,
  page,
  TAKEN,
} from "../adapters/http-api.ts";
import { type Invoke, lambda } from "../middleware.ts";
import { readPayload, type SlackAnswer } from "./slack-payload.ts";
import { signatureProblem, WINDOW_SECONDS } from "./slack-signature.ts";
import { type AnswerParts, REASON_LENGTH, report, type SlackParts, take } from "./take.ts";
import { tokenRoute } from "./token-routes.ts";

/** @param prepare called once, at the first event; if it fails, so does every one */
export function approvalAnswer(prepare: () => Promise<AnswerParts>): Invoke<HttpResponse> {
  let ready: Promise<AnswerParts> | undefined;
  return lambda<HttpEvent, HttpResponse>("approval-answer", httpEvent as never, async (event) => {
    ready ??= prepare();
    return route(await ready, event);
  });
}

async function route(parts: AnswerParts, event: HttpEvent): Promise<HttpResponse> {
  const { method } = event.requestContext.http;
  if (event.rawPath === "/slack")
    return method === "POST" ? slackRoute(parts, event) : json(405, { refused: "method" });
  if (header(event, "authorization") !== undefined) return tokenRoute(parts, event);
  if (method === "GET")
    return page(200, "Postern", "Requests are answered in Slack, or with: postern approve ID --reason WHY");
  await report(parts, { type: "callback-refused", why: "unsigned", channel: "console" });
  return json(401, { refused: "unsigned" });
}

async function slackRoute(parts: AnswerParts, event: HttpEvent): Promise<HttpResponse> {
  const { slack, store } = parts;
  const body = bytesOf(event);
  const [timestamp, signature] = [header(event, "x-slack-request-timestamp"), header(event, "x-slack-signature")];
  const problem =
    slack === null ? "unsigned" : signatureProblem(slack.signingSecret, { timestamp, signature }, body, parts.now());
  if (slack === null || problem !== null) return unsigned(parts, problem ?? "unsigned");
  // Signed, in time, and seen before: the second time it is somebody else's.
  const word = `slack ${createHash("sha256").update(`${timestamp} ${signature}`).digest("hex")}`;
  if (!(await store.remember(word, parts.now() + 2 * WINDOW_SECONDS * 1000))) return unsigned(parts, "replayed");
  const payload = readPayload(Buffer.from(body).toString("utf8"));
  if (payload === null) return json(400, { refused: "not a payload that Slack sends" });
  if (payload.type === "nothing") return TAKEN;
  const from = payload.type === "answer" ? payload.answer : payload;
  if (from.app !== slack.app || from.team !== slack.team) return unsigned(parts, "foreign");
  if (payload.type === "answer") return slackAnswer(parts, slack, payload.answer);
  const state = await store.get(payload.request);
  if (state !== null) await slack.openForm(payload.trigger, payload.request, state.request.rules.windowMinutes);
  return TAKEN;
}

async function slackAnswer(parts: AnswerParts, slack: SlackParts, answer: SlackAnswer): Promise<HttpResponse> {
  const { request, decision, reason, windowMinutes, responseUrl } = answer;
  const say = async (text: string): Promise<HttpResponse> => {
    // A form shows what is wrong in its own place; a button has none.
    if (responseUrl === null) return json(200, { response_action: "errors", errors: { reason: text } });
    await slack.whisper(responseUrl, text);
    return TAKEN;
  };
  const email = await slack.address(answer.user, answer.team);
  const by = email === null ? null : await slack.directory(email);
  if (by === null) {
    await report(parts, { type: "answer-refused", why: "unknown-person", channel: "slack", request });
    return say("Your Slack account has no confirmed address that the identity provider knows.");
  }
  const refused = await take(parts, request, {
    by,
    decision,
    reason: reason.slice(0, REASON_LENGTH),
    channel: "slack",
    authentication: "slack-signature",
    ...(windowMinutes === undefined ? {} : { windowMinutes }),
  });
  return refused === null ? TAKEN : say(`Not counted: ${refusalText(refused)}.`);
}

/** Nothing changes, and somebody hears of it. */
async function unsigned(parts: AnswerParts, why: string): Promise<HttpResponse> {
  await report(parts, { type: "callback-refused", why, channel: "slack" });
  return json(401, { refused: why });
}
