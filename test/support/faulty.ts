// A way to a stand-in that goes wrong when it is told to.
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Fault =
  /** All is well. */
  | "none"
  /** The request never gets there. */
  | "refused"
  /** It gets there and is carried out, and nobody hears of it. */
  | "lost"
  /** As `lost`, with the first half of the answer. */
  | "cut"
  /** It gets there so late that nobody waits for the answer any more. */
  | "slow"
  /** The service says that it is too much. */
  | "throttled"
  /** The service fails. */
  | "500";

/** What is asked of AWS, as far as it can be told without its models. */
export interface Asked {
  /** `DynamoDB`, `TrentService` (KMS), `secretsmanager`, `Lambda`, `S3` ... */
  readonly service: string;
  /** Of DynamoDB, when the request names one alone. */
  readonly table: string;
}

export interface FaultyWay {
  readonly endpoint: string;
  /** What happens to the next requests, in order; afterwards all is well again. */
  readonly plan: Fault[];
  /** What happens to every request that the plan has nothing for. */
  always: Fault | null;
  /** Which requests `always` is for: all, when null. */
  concerns: ((asked: Asked) => boolean) | null;
  /** Answers in the place of the stand-in, which does not have everything: JSON, or null. */
  stub: ((asked: Asked) => object | null) | null;
  /** Services that were asked for anything. */
  readonly services: Set<string>;
  /** Requests that arrived. */
  seen: number;
  close(): Promise<void>;
}

/** @param slowMs how late a slow request gets there */
export async function startFaultyWay(port: number, slowMs: number): Promise<FaultyWay> {
  const server = createServer(async (incoming, outgoing) => {
    way.seen += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const asked = askedOf(incoming, body);
    way.services.add(asked.service);
    const fault = way.plan.shift() ?? (way.concerns?.(asked) === false ? null : way.always);
    if (fault === "refused") return void incoming.socket.destroy();
    if (fault === "500" || fault === "throttled") return fail(incoming, outgoing, fault);
    const stubbed = fault === "slow" ? null : (way.stub?.(asked) ?? null);
    if (stubbed !== null)
      return void outgoing
        .writeHead(200, { "content-type": "application/x-amz-json-1.1" })
        .end(JSON.stringify(stubbed));
    setTimeout(() => forward(port, incoming, body, outgoing, fault), fault === "slow" ? slowMs : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const way: FaultyWay = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: [],
    always: null,
    concerns: null,
    stub: null,
    services: new Set(),
    seen: 0,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return way;
}

function askedOf({ headers, url = "" }: IncomingMessage, body: Buffer): Asked {
  const [, service] = /^([A-Za-z]+)/.exec(String(headers["x-amz-target"] ?? "")) ?? [];
  if (service !== undefined) return { service, table: /"TableName":"([^"]+)"/.exec(body.toString("utf8"))?.[1] ?? "" };
  return { service: /^\/20\d\d-\d\d-\d\d\/functions\//.test(url) ? "Lambda" : "S3", table: "" };
}

/** In S3's words, or in those of the services that speak JSON. */
function fail({ headers }: IncomingMessage, outgoing: ServerResponse, fault: "500" | "throttled"): void {
  const isThrottled = fault === "throttled";
  if (headers["x-amz-target"] === undefined) {
    const code = isThrottled ? "SlowDown" : "InternalError";
    outgoing.writeHead(isThrottled ? 503 : 500).end(`<Error><Code>${code}</Code><Message></Message></Error>`);
    return;
  }
  outgoing.writeHead(isThrottled ? 400 : 500, { "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ __type: isThrottled ? "ThrottlingException" : "InternalServerError", message: "" }));
}

function forward(
  port: number,
  incoming: IncomingMessage,
  asked: Buffer,
  outgoing: ServerResponse,
  fault: Fault | null,
): void {
  const { method, url, headers } = incoming;
  const onward = request({ port, host: "127.0.0.1", method, path: url, headers }, async (reply) => {
    const parts: Buffer[] = [];
    for await (const part of reply) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (fault === "lost") return void outgoing.destroy();
    const { "transfer-encoding": _, ...rest } = reply.headers;
    outgoing.writeHead(reply.statusCode ?? 502, method === "HEAD" ? rest : { ...rest, "content-length": body.length });
    if (fault !== "cut") return void outgoing.end(body);
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  });
  onward.on("error", () => outgoing.destroy());
  onward.end(asked);
}
