// The operators' listener: /healthz, /readyz, /metrics. Loopback by default; nothing here is secret, and nothing can be changed.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Words to what is so: `ready` when all are true. */
export type Readiness = () => Readonly<Record<string, boolean>>;

export interface HealthListener {
  readonly port: number;
  close(): void;
}

/** @throws when the address cannot be listened on */
export function serveHealth(
  address: { readonly host: string; readonly port: number },
  readiness: Readiness,
  metrics: () => string,
): Promise<HealthListener> {
  const server = createServer({ requestTimeout: 5000 }, (request, response) => {
    const path = request.url?.split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405, "text/plain", "GET only\n");
    else if (path === "/healthz") answer(response, 200, "text/plain", "ok\n");
    else if (path === "/readyz") answerReady(response, readiness());
    else if (path === "/metrics") answer(response, 200, "text/plain; version=0.0.4; charset=utf-8", metrics());
    else answer(response, 404, "text/plain", "there is /healthz, /readyz and /metrics\n");
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => {
      server.off("error", reject).on("error", () => {});
      resolve({
        port: (server.address() as AddressInfo).port,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

function answerReady(response: ServerResponse, state: Readonly<Record<string, boolean>>): void {
  const ready = Object.values(state).every(Boolean);
  answer(response, ready ? 200 : 503, "application/json", `${JSON.stringify({ ready, ...state })}\n`);
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}
