// The command line as a person uses it, on a home of its own.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CannotStart, startHome } from "#local/home.ts";
import { randomPorts } from "#local/ports.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

let home: TestHome;

beforeAll(async () => {
  home = await startTestHome();
});
afterAll(() => home.stop());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const COMMAND = join(ROOT, "cli/postern.mjs");
const env = (state = home.state.root) => ({ ...environment(), POSTERN_STATE: state });

function postern(args: readonly string[], state?: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(COMMAND, args, { env: env(state) }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
    child.stdin?.end();
  });
}

/** Runs until the text appears in its output. */
async function until(child: ChildProcess, text: RegExp): Promise<RegExpMatchArray> {
  let said = "";
  for await (const chunk of child.stdout ?? []) {
    said += chunk;
    const found = text.exec(said);
    if (found !== null) return found;
  }
  throw new Error(`it ended having said: ${said}`);
}

describe("postern token", () => {
  it("prints a token and nothing else, and the same one again", async () => {
    const first = await postern(["token", "--as", "engineer"]);
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect((await postern(["token", "--as", "engineer"])).out).toBe(first.out);
    const kept = join(home.state.root, "tokens/engineer.json");
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  it("says who there is when nobody is named, or somebody unknown", async () => {
    expect(await postern(["token"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("--as (engineer,"),
    });
    const unknown = await postern(["token", "--as", "mallory"]);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('no demo identity "mallory"') });
  });

  it("says so when nothing runs", async () => {
    const ran = await postern(["token", "--as", "engineer"], join(home.state.root, "nowhere"));
    expect(ran).toMatchObject({ code: 3, out: "", err: expect.stringContaining("npm start") });
  });
});

describe("postern sql", () => {
  it("lays rows out as psql does", async () => {
    const ran = await postern([
      "sql",
      "--as",
      "engineer",
      "SELECT 1 AS one, 'a' AS letter, NULL AS nothing; SELECT 2 AS two",
    ]);
    expect(ran.out).toBe(
      " one | letter | nothing\n-----+--------+---------\n   1 | a      |\n(1 row)\n\n two\n-----\n   2\n(1 row)\n\n",
    );
  });

  it("gives CSV, JSON and one column a line", async () => {
    const statement = "SELECT 1 AS a, 'x,\"y' AS b, NULL AS c";
    expect((await postern(["sql", "--as", "engineer", "--csv", statement])).out).toBe('a,b,c\n1,"x,""y",\n');
    expect(JSON.parse((await postern(["sql", "--as", "engineer", "--json", statement])).out)).toEqual({
      columns: ["a", "b", "c"],
      rows: [["1", 'x,"y', null]],
      tag: "SELECT 1",
    });
    expect((await postern(["sql", "--as", "engineer", "-x", "clinic", statement])).out).toContain("-[ RECORD 1 ]");
  });

  it("reports an error with its code, and exits with 1", async () => {
    const ran = await postern(["sql", "--as", "copilot", "DELETE FROM patients WHERE id = 1"]);
    expect(ran).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^ERROR: .*\(42501\)\n.*\nHINT: /s) });
    const json = await postern(["sql", "--as", "copilot", "--json", "DELETE FROM patients WHERE id = 1"]);
    expect(JSON.parse(json.out)).toMatchObject({ error: { severity: "ERROR", code: "42501" } });
  });

  it("prints what COPY sends", async () => {
    const ran = await postern([
      "sql",
      "--as",
      "engineer",
      "COPY (SELECT id, name FROM departments WHERE id < 3) TO STDOUT",
    ]);
    expect(ran.out).toBe("1\tCardiology\n2\tDermatology\n");
  });

  it("reads its command from a pipe", async () => {
    const child = execFile(COMMAND, ["sql", "--as", "engineer", "--csv"], { env: env() });
    child.stdin?.end("SELECT 41 + 1 AS answer");
    expect((await until(child, /\n\d+\n/))[0]).toBe("\n42\n");
  });
});

describe("postern connect", () => {
  it("opens a port that needs no token, and where a query can be cancelled", async () => {
    const child = spawn(COMMAND, ["connect", "clinic", "--as", "nurse"], {
      env: env(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const port = Number((await until(child, /127\.0\.0\.1:(\d+)/))[1]);
    const client = new pg.Client({ host: "127.0.0.1", port, user: "whoever", database: "whatever" });
    await client.connect();
    const { rows } = await client.query("SELECT mrn FROM patients WHERE id = 1");
    expect(rows).toEqual([{ mrn: expect.stringMatching(/^MRN-\d{7}$/) }]);
    const slow = client.query("SELECT pg_sleep(30)");
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    // One that comes before the query cancels nothing.
    const cancelling = setInterval(() => connect(port, "127.0.0.1").end(serialize.cancel(processID, secretKey)), 300);
    await expect(slow).rejects.toMatchObject({ code: "57014" });
    clearInterval(cancelling);
    await client.end();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("postern revoke", () => {
  it("ends a live session within seconds, refuses new ones, and can be undone", async () => {
    const client = await home.client("dba");
    const over = new Promise<Error & { code?: string }>((resolve) => client.on("error", resolve));
    expect(await postern(["revoke", "dba"])).toMatchObject({ code: 2 });
    expect(await postern(["revoke", "dba", "--reason", "left"])).toMatchObject({ code: 0 });
    expect((await over).code).toBe("57P01");
    await expect(home.client("dba")).rejects.toMatchObject({ code: "28000" });
    expect((await postern(["revoke", "--list"])).out).toContain("dba  by ");
    expect(await postern(["revoke", "dba", "--undo"])).toMatchObject({ code: 0 });
    await expect
      .poll(() =>
        home.client("dba").then(
          (c) => c.end().then(() => "in"),
          () => "out",
        ),
      )
      .toBe("in");
    expect(await postern(["revoke", "dba", "--undo"])).toMatchObject({ code: 1 });
  });
});

describe("postern status and targets", () => {
  it("says that the gateway is ready, and what it protects", async () => {
    expect(JSON.parse((await postern(["status", "--json"])).out)).toMatchObject({ ready: true });
    const { targets, identities } = JSON.parse((await postern(["targets", "--json"])).out);
    expect(targets).toEqual(["clinic"]);
    expect(identities.map(({ name }: { name: string }) => name)).toContain("copilot");
  });
});

describe("the local home", () => {
  it("is not started twice on one state, nor on ports that are taken", async () => {
    const again = startHome({ state: home.state.root, ports: await randomPorts() });
    await expect(again).rejects.toThrow(CannotStart);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const gateway = address !== null && typeof address === "object" ? address.port : 0;
    const state = join(home.state.root, "other");
    await expect(startHome({ state, ports: { ...(await randomPorts()), gateway } })).rejects.toThrow(
      `port ${gateway} (gateway) is in use`,
    );
    server.close();
  });

  it("takes no folder for its state that is somebody else's", async () => {
    const options = { state: join(ROOT, "docs"), ports: await randomPorts(), fresh: true };
    await expect(startHome(options)).rejects.toThrow("no state directory");
    expect(existsSync(join(ROOT, "docs/errors.md"))).toBe(true);
  });

  it("keeps data, keys and evidence over a restart", async () => {
    const before = (await postern(["sessions", "--json"])).out.split("\n");
    const ca = readFileSync(home.run.ca, "utf8");
    const first = await home.client("privacy");
    // Its connection does not outlive the gateway that is killed below.
    first.on("error", () => {});
    const { rows } = await first.query("SELECT mrn FROM patients ORDER BY id LIMIT 3");
    await home.restartProxy();
    const client = await home.client("privacy");
    expect((await client.query("SELECT mrn FROM patients ORDER BY id LIMIT 3")).rows).toEqual(rows);
    await client.end();
    expect(readFileSync(home.run.ca, "utf8")).toBe(ca);
    const after = (await postern(["sessions", "--json"])).out;
    for (const line of before) {
      const id = /"session":"(\w+)"/.exec(line)?.[1] ?? "";
      expect(after).toContain(id);
    }
    expect(await postern(["verify"])).toMatchObject({ code: 0 });
  });
});
