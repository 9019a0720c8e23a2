import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Accepted } from "#proxy/ports/network.ts";
import type { Gate } from "#proxy/protocol.ts";
import { createPostgres, type PostgresParts } from "#proxy/protocols/postgres/postgres.ts";

const accepted = (): Accepted => ({
  stream: new PassThrough(),
  source: { address: "127.0.0.1", port: 1 },
  loopback: true,
});

test("connections that have not logged in are limited; who leaves makes room", async () => {
  let crowded = 0;
  const parts = { pending: 2, onCrowded: () => crowded++, loginMs: 10_000, tls: null } as unknown as PostgresParts;
  const postgres = createPostgres(parts);
  const gate = {} as Gate;
  const [first, second, third, fourth] = [accepted(), accepted(), accepted(), accepted()];
  const leaving = postgres.serve(first, gate);
  const staying = postgres.serve(second, gate);
  expect(await postgres.serve(third, gate)).toBe("crowded");
  expect([third.stream.destroyed, second.stream.destroyed, crowded]).toEqual([true, false, 1]);

  first.stream.destroy();
  expect(await leaving).toBe("client left");
  const next = postgres.serve(fourth, gate);
  expect([fourth.stream.destroyed, crowded]).toEqual([false, 1]);
  second.stream.destroy();
  fourth.stream.destroy();
  expect(await Promise.all([staying, next])).toEqual(["client left", "client left"]);
});
