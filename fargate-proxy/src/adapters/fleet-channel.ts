// From gateway to gateway: one short request over TLS 1.3, in which both prove by a common key (RFC 8446, 2.2: PSK with an ephemeral exchange) that
// they are gateways. There is one answer, whatever became of the request.
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { FleetAddress } from "./fleet-table.ts";

const IDENTITY = "postern";
const TLS = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" } as const;
const LONGEST = 512;
const DONE = Buffer.from([1]);
/** For all of a request. */
const PATIENCE_MS = 5000;
const CONNECTIONS = 64;

export interface FleetListener {
  readonly port: number;
  close(): void;
}

/**
 * @param key 32 bytes that all gateways have
 * @param onRequest is given what came, and resolves when it was carried out
 * @param patienceMs for the handshake, and then for the rest
 * @throws when the address cannot be listened on
 */
export function listenToFleet(
  address: FleetAddress,
  key: Buffer,
  onRequest: (request: Buffer) => Promise<void>,
  patienceMs = PATIENCE_MS,
): Promise<FleetListener> {
  const pskCallback = (_socket: TLSSocket, identity: string) => (identity === IDENTITY ? key : null);
  const server = createServer({ ...TLS, pskCallback, handshakeTimeout: patienceMs }, (socket) => {
    socket.on("error", () => {});
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.once("close", () => clearTimeout(timer));
    readRequest(socket)
      .then(onRequest)
      .then(
        () => socket.end(DONE),
        () => socket.destroy(),
      );
  });
  // Node leaves a socket open whose handshake took too long.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.maxConnections = CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject).on("error", () => {});
      resolve({ port: (server.address() as AddressInfo).port, close: () => void server.close() });
    });
  });
}

/** Resolves when the other gateway says that it is done. @throws when there is no such answer */
export function tellGateway({ host, port }: FleetAddress, key: Buffer, request: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const pskCallback = () => ({ psk: key, identity: IDENTITY });
    // Its name is its key: there is no certificate to check.
    const socket = connect({ ...TLS, host, port, pskCallback, checkServerIdentity: () => undefined });
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    let done = false;
    socket.once("secureConnect", () => socket.write(framed(request)));
    socket.on("data", (bytes: Buffer) => {
      done ||= bytes.includes(DONE[0] as number);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      clearTimeout(timer);
      if (done) resolve();
      else reject(new Error("the other gateway did not answer"));
    });
  });
}

function framed(request: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(request.length);
  return Buffer.concat([length, request]);
}

/** Two bytes of length, and what they say; no more. @throws when the other side sends something else, or leaves */
function readRequest(socket: TLSSocket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    socket.once("close", () => reject(new Error("this is not a request")));
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.length < 2 ? Number.POSITIVE_INFINITY : 2 + bytes.readUInt16BE(0);
      if (bytes.length === end) resolve(bytes.subarray(2));
      else if (bytes.length > Math.min(end, 2 + LONGEST)) socket.destroy();
    });
  });
}
