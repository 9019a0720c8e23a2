// What Ceph's object gateway lacks of S3, before it: a PUT on a condition (If-None-Match: *, If-Match). The condition is judged here, one PUT of a key
// at a time, taken off, and the request signed anew.
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Conditions {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const KEY = { id: "test", secret: "test", region: "us-east-1" };
/** Of one hop, or put there anew. */
const DROPPED: readonly string[] = [
  "authorization",
  "connection",
  "content-length",
  "expect",
  "host",
  "if-match",
  "if-none-match",
  "transfer-encoding",
];

/** @param behind address of the store. Whoever asks is asked for no signature here: it is a test's, on loopback. */
export async function startConditions(behind: string): Promise<Conditions> {
  const turns = new Map<string, Promise<unknown>>();
  const server = createServer((req, res) => {
    const { method = "", url = "" } = req;
    const key = url.split("?")[0] ?? "";
    const before = method === "PUT" ? (turns.get(key) ?? Promise.resolve()) : Promise.resolve();
    const done = before.then(() => serve(behind, req, res)).catch(() => res.destroy());
    if (method === "PUT") turns.set(key, done);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function serve(behind: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { method = "", url = "", headers } = req;
  const body = await buffer(req);
  if (/aws-chunked/.test(headers["content-encoding"] ?? "")) return refuse(res, 501, "NotImplemented");
  if (method === "PUT" && (headers["if-match"] ?? headers["if-none-match"]) !== undefined) {
    const found = await send(behind, "HEAD", url.split("?")[0] ?? "", {}, null);
    found.resume();
    const refusal = broken(headers, found.statusCode === 404 ? null : (found.headers.etag ?? ""));
    if (refusal !== null) return refuse(res, ...refusal);
  }
  const answer = await send(behind, method, url, headers, body);
  res.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(res);
  await once(res, "close");
}

/** @param tag of what is there; null when nothing is */
function broken(headers: IncomingHttpHeaders, tag: string | null): [status: number, code: string] | null {
  const match = headers["if-match"];
  if (match === undefined) return tag === null ? null : [412, "PreconditionFailed"];
  if (tag === null) return [404, "NoSuchKey"];
  return match.replaceAll('"', "") === tag.replaceAll('"', "") ? null : [412, "PreconditionFailed"];
}

function refuse(res: ServerResponse, status: number, code: string): void {
  res.writeHead(status, { "content-type": "application/xml" });
  res.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
}

async function send(
  behind: string,
  method: string,
  path: string,
  given: IncomingHttpHeaders,
  body: Buffer | null,
): Promise<IncomingMessage> {
  const kept = Object.entries(given).filter(([name]) => !DROPPED.includes(name));
  const headers = signed(method, path, { ...Object.fromEntries(kept), host: new URL(behind).host } as Headers);
  const asked = request(behind + path, { method, headers: { ...headers, "content-length": body?.length ?? 0 } });
  asked.end(body ?? undefined);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
}

type Headers = Record<string, string>;

/** AWS Signature Version 4 over a body that is not looked at. */
function signed(method: string, path: string, given: Headers): Headers {
  const time = `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
  const headers: Headers = { ...given, "x-amz-date": time, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const names = Object.keys(headers)
    .filter((name) => name === "host" || name.startsWith("x-amz-"))
    .sort();
  const [uri = "", query = ""] = path.split("?");
  const parameters = query.split("&").map((pair) => (pair === "" || pair.includes("=") ? pair : `${pair}=`));
  const lines = [
    method,
    uri,
    parameters.sort().join("&"),
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    "",
    names.join(";"),
    "UNSIGNED-PAYLOAD",
  ];
  const scope = `${time.slice(0, 8)}/${KEY.region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash("sha256").update(lines.join("\n")).digest("hex")}`;
  const key = scope
    .split("/")
    .reduce<string | Buffer>((k, part) => createHmac("sha256", k).update(part).digest(), `AWS4${KEY.secret}`);
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...headers, authorization };
}
