// A witness to try ours with: honest unless it is told otherwise. That proofs hold is found by RFC 9162's rules for verifying, which share nothing with those for proving.
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { COSIGNATURE_ED25519, parseVerifierKey, type VerifierKey, verifierKey } from "#shared/evidence/checkpoint.ts";

/** What it does with a request instead of what it should. */
export type Answer = (body: string, response: ServerResponse) => void;

export interface FakeWitness {
  readonly name: string;
  readonly key: VerifierKey;
  readonly url: string;
  /** Bodies of the requests that came. */
  readonly asked: string[];
  /** For the next requests, in order. */
  readonly plan: Answer[];
  /** The line under a note. */
  cosign(text: string, name?: string): string;
  close(): Promise<void>;
}

export const says =
  (status: number, body = ""): Answer =>
  (_, response) =>
    response.writeHead(status).end(body);

/** The text of the note in a request. */
export const textIn = (body: string) => {
  const note = body.slice(body.indexOf("\n\n") + 2);
  return note.slice(0, note.lastIndexOf("\n\n") + 1);
};

export async function startFakeWitness(name: string): Promise<FakeWitness> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const key = verifierKey(name, raw, nodeSha256, COSIGNATURE_ED25519);
  const id = Buffer.from(parseVerifierKey(key, nodeSha256, COSIGNATURE_ED25519).id, "hex");
  const asked: string[] = [];
  const plan: Answer[] = [];
  const cosign = (text: string, signer = name) => {
    const time = Math.floor(Date.now() / 1000);
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), privateKey);
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(time));
    return `— ${signer} ${Buffer.concat([id, stamp, signature]).toString("base64")}`;
  };
  const honest = honestly(cosign);
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    asked.push(body);
    if (request.method !== "POST" || request.url !== "/prefix/add-checkpoint") response.writeHead(404).end();
    else (plan.shift() ?? honest)(body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { name, key, url, asked, plan, cosign, close };
}

function honestly(cosign: (text: string) => string): Answer {
  let seen = { size: 0, root: Buffer.alloc(0) };
  return (body, response) => {
    const [, old = "", lines = ""] = /^old (\d+)\n((?:[A-Za-z0-9+/=]+\n)*)\n/.exec(body) ?? [];
    const text = textIn(body);
    const [, size = "", root = ""] = text.split("\n");
    const next = { size: Number(size), root: Buffer.from(root, "base64") };
    const proof = lines
      .split("\n")
      .slice(0, -1)
      .map((line) => Buffer.from(line, "base64"));
    if (old === "" || Number(old) > next.size) return says(400)(body, response);
    const isOther = seen.size === next.size && !seen.root.equals(next.root);
    if (Number(old) !== seen.size || isOther) return says(409, `${seen.size}\n`)(body, response);
    if (!isConsistent(seen, next, proof)) return says(422)(body, response);
    seen = next;
    says(200, `${cosign(text)}\n`)(body, response);
  };
}

interface Root {
  readonly size: number;
  readonly root: Uint8Array;
}

/** RFC 9162, section 2.1.4.2; of an empty tree everything goes on. */
export function isConsistent(before: Root, after: Root, proof: readonly Uint8Array[]): boolean {
  const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;
  if (before.size === 0) return proof.length === 0;
  if (before.size === after.size) return proof.length === 0 && same(before.root, after.root);
  const path = [...proof];
  if (Number.isInteger(Math.log2(before.size))) path.unshift(before.root);
  let [fn, sn] = [before.size - 1, after.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  const node = (left: Uint8Array, right: Uint8Array) => nodeSha256.digest(Buffer.concat([Buffer.of(1), left, right]));
  let [fr, sr] = [path[0], path[0]];
  for (const c of path.slice(1)) {
    if (sn === 0 || fr === undefined || sr === undefined) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [node(c, fr), node(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else sr = node(sr, c);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && same(fr, before.root) && same(sr, after.root);
}
