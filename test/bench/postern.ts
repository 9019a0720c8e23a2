// Postern as it is meant to run: policy, evidence, recording, journal, TLS on both sides. Only target and policy are the bench's.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareGateway } from "#test/support/gateway.ts";
import { DATABASE, ROLE } from "./database.ts";
import type { Ground } from "./ground.ts";
import type { Route } from "./route.ts";

/** Folder of the policy bundle; the crash test uses it too. */
export const POLICY = fileURLToPath(new URL("policy", import.meta.url));
/** Who connects, and the group that the policy knows. */
export const PERSON = { name: "bencher", claims: { groups: ["bench"] } } as const;

export async function startPostern(ground: Ground): Promise<{ readonly route: Route; stop(): Promise<void> }> {
  const folder = join(ground.folder, "postern");
  mkdirSync(folder);
  const gateway = await prepareGateway({
    folder,
    certificates: ground.certificates,
    policy: POLICY,
    target: { name: DATABASE, port: ground.direct.port, password: ROLE.password },
  });
  const child = await gateway.start();
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await gateway.close();
  };
  const route: Route = {
    name: "postern",
    host: "127.0.0.1",
    port: gateway.port,
    database: DATABASE,
    user: PERSON.name,
    password: gateway.token(PERSON.name, PERSON.claims),
    ...(child.pid === undefined ? {} : { pid: child.pid }),
  };
  return { route, stop };
}
