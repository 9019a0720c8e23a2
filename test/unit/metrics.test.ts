import { describe, expect, test } from "vitest";
import { serveHealth } from "#proxy/adapters/health.ts";
import { newId } from "#proxy/adapters/ids.ts";
import { jsonLog } from "#proxy/adapters/log.ts";
import { Metrics } from "#proxy/adapters/metrics.ts";

describe("metrics", () => {
  test("counters, gauges and times in Prometheus' text format", () => {
    const metrics = new Metrics();
    metrics.count("commands", 2, "select");
    metrics.count("commands", 1, "select");
    metrics.count("refusals", 1, 'odd"\\\n');
    metrics.gauge("sessions_live", 7);
    metrics.time("command", 50);
    metrics.time("command", 51);
    metrics.time("command", 20_000_000);
    const lines = metrics.text().split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE postern_commands_total counter",
        'postern_commands_total{kind="select"} 3',
        'postern_refusals_total{code="odd\\"\\\\\\n"} 1',
        "postern_sessions_live 7",
        "# TYPE postern_command_seconds histogram",
        'postern_command_seconds_bucket{le="0.00005"} 1',
        'postern_command_seconds_bucket{le="0.0001"} 2',
        'postern_command_seconds_bucket{le="10"} 2',
        'postern_command_seconds_bucket{le="+Inf"} 3',
        "postern_command_seconds_count 3",
        "postern_command_seconds_sum 20.000101",
      ]),
    );
    for (const line of lines)
      expect(line).toMatch(
        /^$|^# (HELP|TYPE) postern_[a-z_]+ .+$|^postern_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"\})? [0-9.e+-]+$/,
      );
  });

  test("labels cannot fill the memory", () => {
    const metrics = new Metrics();
    for (let i = 0; i < 1000; i++) metrics.count("commands", 1, `kind${i}`);
    const lines = metrics
      .text()
      .split("\n")
      .filter((line) => line.startsWith("postern_commands_total{"));
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('postern_commands_total{kind="other"} 800');
  });
});

describe("the operators' listener", () => {
  test("is ready when all is", async () => {
    let journal = true;
    const health = await serveHealth(
      { host: "127.0.0.1", port: 0 },
      () => ({ journal, policy: true }),
      () => "a 1\n",
    );
    const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${health.port}${path}`, { method });
    expect(await (await get("/readyz")).json()).toEqual({ ready: true, journal: true, policy: true });
    journal = false;
    const not = await get("/readyz");
    expect([not.status, await not.json()]).toEqual([503, { ready: false, journal: false, policy: true }]);
    expect((await get("/healthz")).status).toBe(200);
    expect(await (await get("/metrics?x")).text()).toBe("a 1\n");
    expect((await get("/")).status).toBe(404);
    expect((await get("/healthz", "POST")).status).toBe(405);
    health.close();
  });
});

test("logs are one JSON object a line", () => {
  const lines: string[] = [];
  const log = jsonLog(
    (line) => void lines.push(line),
    () => 0,
  );
  log.info("hello\nthere", { session: "s" });
  log.error("bad");
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","what":"hello\\nthere","session":"s"}\n',
    '{"time":"1970-01-01T00:00:00.000Z","level":"error","what":"bad"}\n',
  ]);
});

test("ids sort by time, and are never the same", () => {
  const ids = [0, 1, 31, 32, 1_800_000_000_000, 281_474_976_710_655].map(newId);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  expect(new Set(Array.from({ length: 1000 }, () => newId(5))).size).toBe(1000);
});
