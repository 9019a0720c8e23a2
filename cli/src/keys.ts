// Another version of a key that the gateway makes HMACs with.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type HmacKeyKind, rotateLocalKey } from "#proxy/adapters/local-hmac-keys.ts";
import { Problem } from "./problem.ts";
import { stateDirectory } from "./settings.ts";

/** @param keep why the older ones must stay */
export function rotate(kind: HmacKeyKind, keep: string, json: boolean): void {
  const folder = join(stateDirectory(), "keys");
  if (!existsSync(join(folder, `${kind}.key`)))
    throw new Problem(
      `there is no key in ${folder}`,
      3,
      "The gateway makes the first one: run `npm start`, or set POSTERN_STATE.",
    );
  const version = rotateLocalKey(folder, kind);
  const words = `key ${version} is made; the gateway uses it from its next start on. Keep the older ones: ${keep}.`;
  process.stdout.write(`${json ? JSON.stringify({ version }) : words}\n`);
}
