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

export interface FaultyWay {
  readonly endpoint: string;
  /** What happens to the next requests, in order; afterwards all is well again. */
  readonly plan: Fault[];
  /** What happens to every request that the plan has nothing for. */
  always: Fault | null;
  /** Requests that arrived. */
  seen: number;
  close(): Promise<void>;
}

/** @param slowMs how late a slow request gets there */
export async function startFaultyWay(port: number, slowMs: number): Promise<FaultyWay> {
  const server = createServer((incoming, outgoing) => {
    way.seen += 1;
    const fault = way.plan.shift() ?? way.always;
    if (fault === "refused") return void incoming.socket.destroy();
    if (fault === "500" || fault === "throttled") return fail(incoming, outgoing, fault);
    setTimeout(() => forward(port, incoming, outgoing, fault), fault === "slow" ? slowMs : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const way: FaultyWay = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: [],
    always: null,
    seen: 0,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return way;
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

function forward(port: number, incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | null): void {
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
  incoming.pipe(onward);
}
