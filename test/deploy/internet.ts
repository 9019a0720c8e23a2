// The names that the deployed parts look up, at an address of this machine: the private API that relays the issuer's key set, and the issuer itself.
// Both are in the stand-in for AWS; here is what is between: names, TLS, and for the stand-in's own requests a way there.
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface Internet {
  /** Where all names of it are. */
  readonly address: string;
  /** A proxy for CONNECT that leads there whatever is asked for. */
  readonly proxy: string;
  close(): void;
}

/** The port that https has, which addresses of the deployment do not name. */
const PORT = 443;

/**
 * @param keys folder with the authority `tls-ca`. @param names that the certificate is for
 * @param route where in the stand-in a request goes: the path there
 */
export async function startInternet(
  keys: string,
  names: readonly string[],
  endpoint: () => string,
  route: (host: string, path: string) => string,
): Promise<Internet> {
  const ca = {
    cert: readFileSync(join(keys, "tls-ca.pem"), "utf8"),
    key: readFileSync(join(keys, "tls-ca.key"), "utf8"),
  };
  const made = await generate([{ name: "commonName", value: "stand-ins" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) },
    ],
  });
  const relay = (from: IncomingMessage, to: ServerResponse) => {
    const host = (from.headers.host ?? "").replace(/:\d+$/, "");
    const at = new URL(route(host, from.url ?? "/"), endpoint());
    const asked = request(at, { method: from.method, headers: { ...from.headers, host } }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    asked.on("error", () => to.writeHead(502).end());
    from.pipe(asked);
  };
  const secure = createServer({ cert: made.cert, key: made.private }, relay);
  const address = `127.${80 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 250)}.${1 + (process.pid % 250)}`;
  await new Promise<void>((resolve, reject) => secure.once("error", reject).listen(PORT, address, resolve));
  const ways = createHttpServer().on("connect", (_, client) => {
    const to = connect(PORT, address, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      to.pipe(client).pipe(to);
    });
    to.on("error", () => client.destroy());
    client.on("error", () => to.destroy());
  });
  await new Promise<void>((resolve) => ways.listen(0, "127.0.0.1", resolve));
  return {
    address,
    proxy: `http://127.0.0.1:${(ways.address() as AddressInfo).port}`,
    close() {
      for (const server of [secure, ways]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
