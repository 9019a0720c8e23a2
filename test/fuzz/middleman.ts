// A target gone bad: stands between the gateway and a real PostgreSQL, lets logins and catalog questions through, and then changes what
// the server says to sessions. It has the server's own certificate, so that even SCRAM's channel binding holds.
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { mangle, pieces, type Random } from "./mangle.ts";

export interface Middleman {
  readonly port: number;
  /** Pieces of what the server said that were changed. */
  readonly mangled: () => number;
  close(): Promise<void>;
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** @param pem the server's own certificate and key. @param of of the sessions whose `application_name` ends so */
export async function startMiddleman(
  port: number,
  pem: { readonly cert: string; readonly key: string },
  of: string,
  random: Random,
): Promise<Middleman> {
  const sockets = new Set<Socket>();
  const secureContext = createSecureContext(pem);
  let mangled = 0;

  const serve = async (socket: Socket): Promise<void> => {
    await firstBytes(socket);
    socket.write("S");
    const gateway = new TLSSocket(socket, { isServer: true, secureContext });
    const plain = connectTcp(port, "127.0.0.1");
    sockets.add(plain);
    plain.on("error", () => socket.destroy()).write(SSL_REQUEST);
    await firstBytes(plain);
    const server = connectTls({ socket: plain, rejectUnauthorized: false });
    let session = false;
    let ready = false;
    gateway.on("data", (chunk: Buffer) => {
      session ||= chunk.includes(`${of}\0`);
      server.write(chunk);
    });
    server.on("data", (chunk: Buffer) => {
      const bad = session && ready && random() < 0.4;
      // The login ends with ReadyForQuery, idle.
      ready ||= chunk.includes(Buffer.from("Z\0\0\0\x05I", "latin1"));
      if (!bad) return void gateway.write(chunk);
      mangled++;
      for (const piece of pieces(mangle(chunk, random), random)) gateway.write(piece);
    });
    for (const [one, other] of [
      [gateway, server],
      [server, gateway],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  };

  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    serve(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => listener.close(() => resolve()));
  };
  return { port: (listener.address() as AddressInfo).port, mangled: () => mangled, close };
}

/** What comes first is one short answer or request: nothing follows it before it is answered. */
function firstBytes(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("close", () => reject(new Error("closed")));
  });
}
