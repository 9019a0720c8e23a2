// What officers say, each with a token of their own: one asks, another agrees, then either may do it for a while.
import { z } from "zod";
import type { Approver } from "#shared/approval/types.ts";
import type { DataKeyOpener, WrappedKeys } from "#shared/evidence/data-keys.ts";
import {
  agreeTo,
  askOfficers,
  OFFICER_REFUSALS,
  type OfficerRefusal,
  type OfficerRequest,
  type OfficerStore,
} from "#shared/evidence/officers.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import { type HttpEvent, type HttpResponse, header, httpEvent, json } from "../adapters/http-api.ts";
import { reading } from "../adapters/http-body.ts";
import { type Invoke, lambda, once } from "../middleware.ts";
import { openFor, type Recording, shredFor } from "./deeds.ts";

export interface OfficerParts {
  readonly store: OfficerStore;
  /** Of policy; null where it names none. */
  readonly officers: Approvals["officers"] | null;
  readonly keys: WrappedKeys;
  readonly opener: DataKeyOpener;
  /** Where it is written down before it is done. */
  readonly recording: Recording;
  /** Whose token it is. */
  verify(token: string): Promise<Approver | { readonly refused: string }>;
  /** Whether one of these names has been offboarded. */
  revoked(names: readonly string[]): Promise<boolean>;
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

const LISTED = 100;
const REASON_LENGTH = 500;
const reason = z.string().max(REASON_LENGTH);
const name = z.string().regex(/^[\w.-]{1,100}$/);
const askBody = z.strictObject({ what: z.enum(["open", "shred"]), session: name, target: name, reason });
const agreeBody = z.strictObject({ reason });
/** An X25519 key that its asker has made for this one answer. */
const openBody = z.strictObject({ publicKey: z.string().regex(/^[\w-]{43}$/) });

const MORE = {
  revoked: [403, "you, or the other officer, have been offboarded"],
  "unknown-request": [404, "there is no such request of yours"],
  "not-agreed": [409, "nobody has agreed to it yet"],
  "no-key": [410, "this session has no key: it has sealed nothing, or its key was destroyed"],
} as const;

export function officers(prepare: () => Promise<OfficerParts>): Invoke<HttpResponse> {
  const ready = once(prepare);
  return lambda<HttpEvent, HttpResponse>("officers", httpEvent as never, async (event) => route(await ready(), event));
}

async function route(parts: OfficerParts, event: HttpEvent): Promise<HttpResponse> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header(event, "authorization") ?? "")?.[1];
  const who = token === undefined ? { refused: "no bearer token" } : await parts.verify(token);
  if ("refused" in who) return json(401, { refused: who.refused });
  const response = await answer(parts, event, who);
  if (response.statusCode >= 400) say(who, response);
  return response;
}

/** Who was told no, and why: in the function's log. */
function say({ name: by }: Approver, { body }: HttpResponse): void {
  const { refused } = JSON.parse(body) as { readonly refused: string };
  console.warn(JSON.stringify({ level: "warn", function: "officers", refused, by }));
}

async function answer(parts: OfficerParts, event: HttpEvent, who: Approver): Promise<HttpResponse> {
  if (await parts.revoked([who.name])) return refuse("revoked");
  const problem = standing(parts, who);
  if (problem !== null) return refuse(problem);
  const [, , id, action] = event.rawPath.split("/");
  switch ([event.requestContext.http.method, ...(id === undefined ? [] : [action ?? ""])].join(" ")) {
    case "GET":
      return list(parts);
    case "POST":
      return reading(event, askBody, (body) => ask(parts, who, body));
    case "POST agree":
      return reading(event, agreeBody, (body) => agree(parts, who, id ?? "", body.reason));
    case "POST open":
      return reading(event, openBody, (body) => open(parts, who, id ?? "", body.publicKey));
    case "POST shred":
      return shred(parts, who, id ?? "");
    default:
      return json(404, { refused: "no such address" });
  }
}

/** Nothing at all is said to who is no officer. */
function standing({ officers: rules }: OfficerParts, { kind, groups }: Approver): OfficerRefusal | null {
  if (rules === null || rules === undefined) return "not-offered";
  if (kind !== "person") return "not-a-person";
  return rules.groups.some((group) => groups.includes(group)) ? null : "not-an-officer";
}

/** Those that are in time. */
async function list(parts: OfficerParts): Promise<HttpResponse> {
  const found = await parts.store.latest(LISTED);
  return json(200, { requests: found.filter(({ until }) => until >= parts.now()) });
}

/** Gives what they have asked for, or agreed to, already, while it is in time. */
async function ask(parts: OfficerParts, by: Approver, body: z.infer<typeof askBody>): Promise<HttpResponse> {
  const { reason: why, ...wish } = body;
  const known = (await parts.store.latest(LISTED)).find(
    (one) => concerns(one, by) && one.what === wish.what && one.session === wish.session && one.until >= parts.now(),
  );
  if (known !== undefined) return json(200, known);
  if ((await parts.keys.get(wish.session)) === null) return refuse("no-key");
  const request = askOfficers(parts.officers ?? null, { id: parts.newId(), ...wish }, by, why, parts.now());
  if (typeof request === "string") return refuse(request);
  await parts.store.enter(request);
  return json(201, request);
}

async function agree(parts: OfficerParts, by: Approver, id: string, why: string): Promise<HttpResponse> {
  const known = await parts.store.get(id);
  if (known === null) return refuse("unknown-request");
  if (await parts.revoked([known.asked.by.name])) return refuse("revoked");
  const request = agreeTo(parts.officers ?? null, known, by, why, parts.now());
  if (typeof request === "string") return refuse(request);
  if (!(await parts.store.agree(request))) return refuse("agreed-already");
  await parts.recording.record(request);
  return json(200, request);
}

async function open(parts: OfficerParts, by: Approver, id: string, publicKey: string): Promise<HttpResponse> {
  const request = await agreed(parts, by, id, "open");
  if (typeof request === "string") return refuse(request);
  const sealed = await openFor(parts, request, Buffer.from(publicKey, "base64url"));
  return sealed === null ? refuse("no-key") : json(200, { sealedKey: Buffer.from(sealed).toString("base64url") });
}

async function shred(parts: OfficerParts, by: Approver, id: string): Promise<HttpResponse> {
  const request = await agreed(parts, by, id, "shred");
  if (typeof request === "string") return refuse(request);
  await shredFor(parts, request);
  return json(200, request);
}

/** What this officer and another have agreed on, in time. */
async function agreed(
  parts: OfficerParts,
  by: Approver,
  id: string,
  what: OfficerRequest["what"],
): Promise<OfficerRequest | keyof typeof MORE | OfficerRefusal> {
  const request = await parts.store.get(id);
  if (request === null || request.what !== what || !concerns(request, by)) return "unknown-request";
  if (request.agreed === null) return "not-agreed";
  if (parts.now() > request.until) return "too-late";
  return (await parts.revoked([request.asked.by.name, request.agreed.by.name])) ? "revoked" : request;
}

/** By what the token proves alone. */
function concerns({ asked, agreed: yes }: OfficerRequest, by: Approver): boolean {
  return [asked, yes].some((word) => word?.by.issuer === by.issuer && word.by.subject === by.subject);
}

function refuse(why: OfficerRefusal | keyof typeof MORE): HttpResponse {
  if (why in MORE) {
    const [status, message] = MORE[why as keyof typeof MORE];
    return json(status, { refused: why, message });
  }
  return json(STATUS[why as OfficerRefusal], { refused: why, message: OFFICER_REFUSALS[why as OfficerRefusal] });
}

const STATUS: Readonly<Record<OfficerRefusal, number>> = {
  "not-offered": 403,
  "not-a-person": 403,
  "not-an-officer": 403,
  "no-reason": 400,
  "the-same-person": 403,
  "too-late": 410,
  "agreed-already": 409,
};
