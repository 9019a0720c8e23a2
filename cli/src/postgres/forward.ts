// A loopback port for clients that can carry neither a token nor TLS: this end logs in for them.
import { createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { serialize } from "pg-protocol";

/** What comes first on a connection (PostgreSQL documentation, 54.7): special requests have these instead of a version. */
const CANCEL = 80_877_102;
const TLS = 80_877_103;
const GSS = 80_877_104;
const LONGEST_STARTUP = 10_000;
const CLEARTEXT = 3;

export interface Forwarding {
  /** Opens a connection to the gateway. */
  dial(): Promise<Duplex>;
  user: string;
  target: string;
  token(): Promise<string>;
  /** A connection that could not be served, in words. */
  onTrouble(why: string): void;
}

/** @returns the port. @throws when it is taken */
export function forward(port: number, to: Forwarding): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    client.on("error", () => client.destroy());
    serve(client, to).catch((error: Error) => {
      to.onTrouble(error.message);
      client.end(fatal(error.message));
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

async function serve(client: Socket, to: Forwarding): Promise<void> {
  const first = await readStartup(client);
  if (first === null) return;
  if (first.code === CANCEL) return void (await to.dial()).end(first.bytes);
  const token = await to.token();
  const gateway = await to.dial();
  gateway.on("error", () => client.destroy());
  client.once("close", () => gateway.destroy());
  gateway.once("close", () => client.end());
  gateway.write(startup(first.bytes, to));
  await answerWithToken(gateway, client, token);
  client.pipe(gateway);
  gateway.pipe(client);
}

/** Reads exactly so many bytes; null when the peer is gone. */
async function take(stream: Duplex, size: number): Promise<Buffer | null> {
  for (;;) {
    const bytes: Buffer | null = stream.read(size);
    if (bytes !== null) return bytes.length === size ? bytes : null;
    if (stream.readableEnded || stream.destroyed) return null;
    await new Promise<void>((resolve) => {
      const wake = () => {
        for (const event of ["readable", "end", "close"]) stream.off(event, wake);
        resolve();
      };
      for (const event of ["readable", "end", "close"]) stream.once(event, wake);
    });
  }
}

/** The start-up or cancel message. Encryption is declined: this is loopback. */
async function readStartup(client: Socket): Promise<{ readonly code: number; readonly bytes: Buffer } | null> {
  for (;;) {
    const head = await take(client, 8);
    if (head === null) return null;
    const [length, code] = [head.readInt32BE(0), head.readInt32BE(4)];
    if (length < 8 || length > LONGEST_STARTUP) throw new Error("that is no PostgreSQL client");
    if (code === TLS || code === GSS) {
      client.write("N");
      continue;
    }
    const body = length === 8 ? Buffer.alloc(0) : await take(client, length - 8);
    return body === null ? null : { code, bytes: Buffer.concat([head, body]) };
  }
}

/** The client's start-up message with our user and target. */
function startup(message: Buffer, { user, target }: Forwarding): Buffer {
  const words = message.toString("utf8", 8).split("\0");
  const parameters = new Map<string, string>();
  for (let i = 0; i + 1 < words.length && words[i] !== ""; i += 2)
    parameters.set(words[i] as string, words[i + 1] as string);
  parameters.set("user", user).set("database", target);
  const body = Buffer.from(`${[...parameters].map(([name, value]) => `${name}\0${value}\0`).join("")}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length);
  message.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}

/** Passes on what the gateway says until it asks for the password, and answers that itself. */
async function answerWithToken(gateway: Duplex, client: Socket, token: string): Promise<void> {
  for (;;) {
    const head = await take(gateway, 5);
    if (head === null) return;
    const body = (await take(gateway, head.readInt32BE(1) - 4)) ?? Buffer.alloc(0);
    const isAuthentication = head[0] === 0x52;
    if (isAuthentication && body.readInt32BE(0) === CLEARTEXT) return void gateway.write(serialize.password(token));
    client.write(Buffer.concat([head, body]));
    if (isAuthentication || head[0] === 0x45) return;
  }
}

function fatal(why: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08001\0M${why}\0\0`);
  const head = Buffer.alloc(5, "E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
