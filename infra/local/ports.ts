// Ports of a home.
import { createServer } from "node:net";

export interface Ports {
  readonly gateway: number;
  readonly issuer: number;
  readonly admin: number;
  readonly database: number;
}

/** The gateway's port, and the others beside it. */
export function portsFrom(gateway: number): Ports {
  return { gateway, issuer: gateway + 1, admin: gateway + 2, database: gateway + 112 };
}

export const DEFAULT_PORTS = portsFrom(6432);

/** Resolves to the port that was given. @throws when it cannot be listened on */
function listenBriefly(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const given = address !== null && typeof address === "object" ? address.port : port;
      server.close(() => resolve(given));
    });
  });
}

export async function randomPorts(): Promise<Ports> {
  // Asked for at the same time, so that they differ.
  const [gateway, issuer, admin, database] = await Promise.all([0, 0, 0, 0].map(listenBriefly));
  return { gateway, issuer, admin, database } as Ports;
}

/** @returns for each port that is taken, a line that says so */
export async function takenPorts(ports: Ports): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    const why = await listenBriefly(port).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    if (why === "EADDRINUSE") lines.push(`port ${port} (${name}) is in use by another program`);
    else if (why !== null) lines.push(`port ${port} (${name}) cannot be listened on: ${why}`);
  }
  return lines;
}
