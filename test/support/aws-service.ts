// An AWS service of a test's own on loopback: it checks the signature of every request as AWS does (Signature Version 4, from its
// documentation), and answers what the test says.
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the SDK is to be told by its environment variables. */
export const CREDENTIALS = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION_TOKEN: "",
} as const;

export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Why AWS would not take the signature; null when it would. */
  readonly badSignature: string | null;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AwsService {
  readonly url: string;
  readonly requests: AwsRequest[];
  close(): Promise<void>;
}

/** @param answer null: the request is never answered */
export async function startAwsService(
  service: string,
  answer: (request: AwsRequest) => Promise<AwsAnswer | null> | AwsAnswer | null,
): Promise<AwsService> {
  const requests: AwsRequest[] = [];
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Another test's readiness probe, at the wrong port.
    if (incoming.method === "GET") return void outgoing.writeHead(404).end();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { method = "", url: path = "", headers } = incoming;
    const badSignature = signatureProblem({ method, path, headers, bytes }, service);
    const request = { method, path, headers, body: bytes.toString(), badSignature };
    requests.push(request);
    const refused: AwsAnswer = { status: 403, body: '{"__type":"InvalidSignatureException"}' };
    const said = badSignature === null ? await answer(request) : refused;
    if (said === null) return;
    outgoing.writeHead(said.status ?? 200, { "content-type": "application/x-amz-json-1.1", ...said.headers });
    outgoing.end(said.body);
  };
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing).catch(() => outgoing.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

interface Signed {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
}

function signatureProblem({ method, path, headers, bytes }: Signed, service: string): string | null {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day, region, named, signed, signature] = form.exec(headers.authorization ?? "") ?? [];
  if (id !== CREDENTIALS.AWS_ACCESS_KEY_ID || region !== CREDENTIALS.AWS_REGION || named !== service)
    return "another scope, or none";
  const names = (signed ?? "").split(";");
  if (!names.includes("host") || !names.includes("x-amz-date")) return "headers that have to be signed are not";
  const [resource = "", query = ""] = path.split("?");
  const canonical = [
    method,
    resource.split("/").map(encodeURIComponent).join("/"),
    query,
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    names.join(";"),
    sha256(bytes),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const secret = `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`;
  const key = [day!, region, service, "aws4_request"].reduce<string | Buffer>((from, word) => hmac(from, word), secret);
  return hmac(key, text).toString("hex") === signature ? null : "another signature";
}
