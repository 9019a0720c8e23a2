// The way from gateway to gateway: whoever has no common key gets nothing through it, nor anything out of it.
import { randomBytes } from "node:crypto";
import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import { afterEach, expect, test, vi } from "vitest";
import { type FleetListener, listenToFleet, tellGateway } from "#proxy/adapters/fleet-channel.ts";

const KEY = randomBytes(32);
const HERE = { host: "127.0.0.1", port: 0 };
let listener: FleetListener;
const got: string[] = [];
afterEach(() => {
  listener.close();
  got.length = 0;
});
const listens = async (onRequest = async (request: Buffer) => void got.push(request.toString("latin1"))) => {
  listener = await listenToFleet(HERE, KEY, onRequest, 500);
  return { host: HERE.host, port: listener.port };
};

test("a request arrives whole, and is answered when it was carried out", async () => {
  let carriedOut = false;
  const address = await listens(async (request) => {
    got.push(request.toString("latin1"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    carriedOut = true;
  });
  await tellGateway(address, KEY, Buffer.from("x".repeat(260)));
  expect([got, carriedOut]).toEqual([["x".repeat(260)], true]);
});

test("another key, no key, no TLS and an older TLS get nowhere", async () => {
  const address = await listens();
  await expect(tellGateway(address, randomBytes(32), Buffer.from("x"))).rejects.toThrow("did not answer");
  const closed = (socket: ReturnType<typeof connectPlain>) =>
    new Promise<void>((resolve) => {
      socket.on("error", () => {}).once("close", () => resolve());
      socket.resume();
    });
  const plain = connectPlain(address);
  plain.write(Buffer.from([0, 1, 120]));
  await closed(plain);
  await closed(connect({ ...address, rejectUnauthorized: false }));
  const old = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ciphers: "PSK" } as const;
  const pskCallback = () => ({ psk: KEY, identity: "postern" });
  await closed(connect({ ...address, ...old, pskCallback, checkServerIdentity: () => undefined }));
  expect(got).toEqual([]);
});

test("what is too long, or more than it says, is cut off", async () => {
  const address = await listens();
  const pskCallback = () => ({ psk: KEY, identity: "postern" });
  const tls = { minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" } as const;
  for (const bytes of [Buffer.alloc(600, 0xff), Buffer.from([0, 1, 1, 1, 1]), Buffer.from([0xff, 0xff])]) {
    const socket = connect({ ...address, ...tls, pskCallback, checkServerIdentity: () => undefined });
    const over = new Promise<void>((resolve) => socket.on("error", () => {}).once("close", () => resolve()));
    const answers = vi.fn();
    socket.on("data", answers);
    socket.write(bytes);
    if (bytes.length === 2) socket.end();
    await over;
    expect(answers).not.toHaveBeenCalled();
  }
  expect(got).toEqual([]);
});

test("whom nobody answers is told so", async () => {
  const address = await listens(async () => {
    throw new Error("no");
  });
  await expect(tellGateway(address, KEY, Buffer.from("x"))).rejects.toThrow("did not answer");
  listener.close();
  await expect(tellGateway({ ...address, port: 1 }, KEY, Buffer.from("x"))).rejects.toThrow("did not answer");
});
