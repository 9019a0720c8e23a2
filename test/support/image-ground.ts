// A gateway in this process in front of a real PostgreSQL: real analysis, catalog, masks and images; evidence is kept in memory.
import { createHash } from "node:crypto";
import pg from "pg";
import { AnalysisCache } from "#proxy/adapters/analysis-cache.ts";
import { listen } from "#proxy/adapters/socket.ts";
import { cellsOf } from "#proxy/gate/image-rows.ts";
import type { SealedPart, SessionEvidence } from "#proxy/ports/evidence.ts";
import { takeSnapshot } from "#proxy/protocols/postgres/catalog.ts";
import { SIDES } from "#proxy/protocols/postgres/encode.ts";
import { inertFrames } from "#proxy/protocols/postgres/inert.ts";
import { normalize } from "#shared/analysis/sql/normalize.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { Target } from "#shared/target.ts";
import { analyser } from "./analysis.ts";
import { ALL, load, parts } from "./bundles.ts";
import type { FakeApprovals } from "./fake-approvals.ts";
import { fakeGate, PERMIT } from "./fake-gate.ts";
import { plainPostgres } from "./plain-postgres.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { RawClient } from "./raw-client.ts";

/** What stands in for the gateway's secret key. */
export const subjectHmac = (message: Uint8Array): Uint8Array => createHash("sha256").update(message).digest();

export interface ImageGateway {
  readonly events: EvidenceEvent[];
  readonly sealed: SealedPart[];
  readonly approvals: FakeApprovals;
  connect(): Promise<RawClient>;
  client(): Promise<pg.Client>;
  stop(): void;
}

interface Shown extends Pick<Target, "disclosures" | "user"> {
  /** Classes that everybody sees in clear. */
  readonly reveal: readonly string[];
}

/** A row as text, by column. */
export type ImageRow = Readonly<Record<string, string | null>>;

export class ImageGround {
  readonly server: TestPostgres;
  readonly admin: pg.Client;
  readonly #catalog: string;

  private constructor(server: TestPostgres, admin: pg.Client, catalog: string) {
    this.server = server;
    this.admin = admin;
    this.#catalog = catalog;
  }

  static async start(schema: string, catalog: string): Promise<ImageGround> {
    const server = await startPostgres();
    const first = new pg.Client({ ...server });
    await first.connect();
    await first.query("CREATE DATABASE clinic");
    await first.end();
    const admin = new pg.Client({ ...server, database: "clinic" });
    await admin.connect();
    await admin.query(schema);
    return new ImageGround(server, admin, catalog);
  }

  /** @param user of the server, with its name for a password */
  async gateway(
    images: Target["images"],
    { disclosures = "result", reveal = [], user = this.server.user }: Partial<Shown> = {},
  ): Promise<ImageGateway> {
    const bundle = load({ ...parts(ALL), "catalog.yaml": this.#catalog });
    if ("problems" in bundle) throw new Error(JSON.stringify(bundle.problems));
    const { host, port } = this.server;
    const password = user === this.server.user ? this.server.password : user;
    const found = bundle.targets.get("clinic") as Target;
    const target: Target = { ...found, host, port, user, tls: { mode: "disable" }, images, disclosures };
    const query = async (text: string) => (await this.admin.query({ text, rowMode: "array", types: AS_TEXT })).rows;
    const snapshot = await takeSnapshot(query, "clinic");
    const declared = new Map(
      [...bundle.catalog.declaredFunctions("clinic")].map(([name, { reveals }]) => [name, reveals]),
    );
    const keyColumns = disclosures === "companion" ? bundle.catalog.subjectColumns("clinic") : new Set<string>();
    const analyse = await analyser(snapshot, declared, keyColumns);
    const cache = new AnalysisCache(1000, 10_000_000);
    const events: EvidenceEvent[] = [];
    const sealed: SealedPart[] = [];
    const { gate, world, approvals } = await fakeGate({
      bundle: { ...bundle, targets: new Map([["clinic", target]]) },
      credentials: { fetch: async () => ({ password, version: "v1" }) },
      evidence: { room: async () => true, open: () => memory(events, sealed), available: true, close: async () => {} },
      inert: { postgres: inertFrames },
      sides: { postgres: SIDES },
      subjects: { version: 1, hmac: subjectHmac },
      maxSessions: 100,
    });
    world.snapshot = snapshot;
    world.decide = () => ({ ...PERMIT, reveal });
    world.analyse = (text) => {
      const known = cache.find(normalize(text), text);
      if (known !== undefined) return known;
      const made = analyse(text);
      cache.keep(text, made);
      return made;
    };
    const protocol = plainPostgres();
    const listener = await listen("127.0.0.1", 0, (accepted) => void protocol.serve(accepted, gate));
    const client = async () => {
      const made = new pg.Client({
        host: "127.0.0.1",
        port: listener.port,
        user: "engineer",
        database: "clinic",
        password: "good",
      });
      made.on("error", () => {});
      await made.connect();
      return made;
    };
    return {
      events,
      sealed,
      approvals,
      client,
      connect: async () => RawClient.from(await client()),
      stop: () => listener.stop(),
    };
  }

  async stop(): Promise<void> {
    await this.admin.end();
    await this.server.stop();
  }
}

function memory(events: EvidenceEvent[], sealed: SealedPart[]): SessionEvidence {
  const note = (event: EvidenceEvent) => void events.push(event);
  return {
    get seq() {
      return events.length;
    },
    record: async (event) => note(event),
    note,
    output() {},
    seal: (part) => void sealed.push({ ...part, bytes: Uint8Array.from(part.bytes) }),
    writable: true,
    drained: () => Promise.resolve(),
    close: async () => {},
  };
}

/** Rows of one kind, by the run that they belong to; without the columns that say where they lay. */
export function imagesIn(sealed: readonly SealedPart[], kind: "before" | "after", ref?: number): ImageRow[] {
  let columns: string[] = [];
  const rows: ImageRow[] = [];
  for (const part of sealed) {
    if (part.kind !== kind || (ref !== undefined && part.ref !== ref)) continue;
    const bytes = Buffer.from(part.bytes);
    if (bytes[0] === 0x54) columns = columnsOf(bytes);
    else {
      const cells = cellsOf(part.bytes);
      rows.push(Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? null]).slice(2)) as ImageRow);
    }
  }
  return rows;
}

function columnsOf(description: Buffer): string[] {
  let at = 7;
  return Array.from({ length: description.readUInt16BE(5) }, () => {
    const end = description.indexOf(0, at);
    const name = description.toString("utf8", at, end);
    at = end + 19;
    return name;
  });
}

const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;
