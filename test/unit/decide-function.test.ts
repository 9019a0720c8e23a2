import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadFolder } from "#functions/decide/folder.ts";
import { decideHandler, handler } from "#functions/decide/handler.ts";
import { localDecisions } from "#proxy/adapters/local-decisions.ts";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { ALL, ask, bundleOf, parts, person, reads } from "#test/support/bundles.ts";

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
  vi.spyOn(console, "error").mockImplementation((line: string) => void logged.push(line));
});
afterEach(() => vi.restoreAllMocks());

const request = ask(person("staff"), [reads("public.drugs", "id")]);

async function folder(files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "postern-policy-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

describe("the decide function", () => {
  const bundle = bundleOf(ALL);

  test("answers as the evaluator does, though the request went over a wire", async () => {
    const decide = decideHandler(() => Promise.resolve(createEvaluator(bundle)));
    const answer = await decide(JSON.parse(JSON.stringify(request)));
    expect(answer).toEqual(createEvaluator(bundle)(request));
    expect(answer.outcome).toBe("permit");
  });

  test("passes on facts whole, also what its shape does not name", async () => {
    const seen: unknown[] = [];
    const decide = decideHandler(() =>
      Promise.resolve((r) => {
        seen.push(r);
        return createEvaluator(bundle)(r);
      }),
    );
    const influence = [
      { relation: "public.patients", column: "ssn", use: "range", through: "public.directory" },
    ] as const;
    const command = ask(person(), [
      { ...reads("public.drugs", "id"), influence, refers: { kind: "cursor", name: "c" } },
    ]);
    await decide(command);
    expect(seen).toEqual([command]);
  });

  test.each([
    ["nothing", undefined],
    ["no facts", { ...request, question: { type: "command" } }],
    ["an unknown question", { ...request, question: { type: "guess" } }],
    ["a field more", { ...request, admin: true }],
    ["facts without completeness", { ...request, question: { type: "command", facts: [{ kind: "select" }] } }],
  ])("refuses %s, and says where without saying what", async (_, event) => {
    const decide = decideHandler(() => Promise.resolve(createEvaluator(bundle)));
    await expect(decide(event)).rejects.toMatchObject({ name: "InvalidEvent" });
    expect(logged.join()).not.toContain("select");
    expect(logged).toHaveLength(1);
  });

  test("fails without repeating what an error says", async () => {
    const decide = decideHandler(() =>
      Promise.resolve(() => {
        throw new Error("ssn 078-05-1120");
      }),
    );
    await expect(decide(request)).rejects.toMatchObject({ name: "Failed", message: "the function failed" });
    expect(logged.join()).not.toContain("078");
  });

  test("fails each time when the bundle cannot be used", async () => {
    const decide = decideHandler(() => Promise.reject(new Error("no")));
    await expect(decide(request)).rejects.toMatchObject({ name: "NotReady" });
    await expect(decide(request)).rejects.toMatchObject({ name: "NotReady" });
  });

  test("reads the folder that its environment names", async () => {
    vi.stubEnv("POSTERN_POLICY", await folder(parts(ALL)));
    expect((await handler(request)).version).toBe(bundle.version);
    vi.unstubAllEnvs();
  });
});

test("the local home asks the same handler", async () => {
  const port = localDecisions(bundleOf(ALL));
  expect((await port.decide(request)).outcome).toBe("permit");
  await expect(port.decide({ ...request, time: "noon" } as never)).rejects.toThrow();
});

describe("a policy folder", () => {
  test("that is broken is refused with every problem by file and line", async () => {
    const path = await folder({ ...parts("permit (foo);"), "catalog.yaml": "classes: {}\ntargets: {}\nx: 1\n" });
    await expect(loadFolder(path)).rejects.toThrow(/^access\.cedar:1: [\s\S]*\ncatalog\.yaml:3: unknown key "x"/);
  });

  test("is placed where the deployment has its targets, and its version stays", async () => {
    const path = await folder(parts(ALL));
    const placed = await loadPolicyFolder(path, { clinic: { host: "127.0.0.1", port: 6544, caFile: "keys/ca.pem" } });
    expect(placed.targets.get("clinic")).toMatchObject({
      host: "127.0.0.1",
      port: 6544,
      database: "clinic",
      tls: { mode: "verify-full", caFile: "keys/ca.pem" },
    });
    expect(placed.version).toBe((await loadFolder(path)).version);
  });

  test("cannot be placed where it has no target", async () => {
    await expect(loadPolicyFolder(await folder(parts(ALL)), { clinics: { port: 1 } })).rejects.toThrow(/clinics/);
  });
});
