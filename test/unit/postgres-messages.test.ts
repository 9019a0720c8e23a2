// Against pg-protocol, whose encoder and decoder are not ours.
import { Readable } from "node:stream";
import fc from "fast-check";
import { parse, serialize } from "pg-protocol";
import { describe, expect, it } from "vitest";
import { adviceOn } from "#proxy/protocols/postgres/advice.ts";
import { CONDITIONS } from "#proxy/protocols/postgres/conditions.ts";
import { ABORT, encodeDescribe, encodeParse, FLUSH, SYNC } from "#proxy/protocols/postgres/encode.ts";
import { rebuiltMessage, refusalMessage } from "#proxy/protocols/postgres/errors.ts";
import { inertFrames } from "#proxy/protocols/postgres/inert.ts";
import {
  readBind,
  readBound,
  readCopyResponse,
  readExecute,
  readFields,
  readNotification,
  readParameter,
  readParse,
  readQuery,
  readRowDescription,
  readTag,
  readTarget,
} from "#proxy/protocols/postgres/messages.ts";
import { ERRORS, type ErrorCode, Refusal } from "#shared/errors.ts";
import { backend } from "#test/support/backend.ts";

const text = fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\0", ""));

/** The message somewhere inside a larger buffer, as it is in a received chunk. */
function within(bytes: Buffer) {
  return { buffer: Buffer.concat([Buffer.from("QQ"), bytes, Buffer.from("S\0")]), start: 2, end: 2 + bytes.length };
}

async function decoded(bytes: Buffer): Promise<Record<string, unknown>> {
  const found: unknown[] = [];
  await parse(Readable.from([bytes]) as never, (message) => found.push(message));
  expect(found).toHaveLength(1);
  return found[0] as Record<string, unknown>;
}

describe("messages of the client", () => {
  it("reads what pg-protocol writes", () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(readQuery(within(serialize.query(a)))).toBe(a);
        expect(readParse(within(serialize.parse({ name: a.slice(0, 60), text: b, types: [1, 2] })))).toEqual({
          name: a.slice(0, 60),
          text: b,
          types: [1, 2],
        });
        const bind = serialize.bind({ portal: a, statement: b, values: [c, null, Buffer.from(c)], binary: true });
        expect(readBind(within(bind))).toEqual({ portal: a, statement: b, values: 3, formats: [1] });
        const bytes = Uint8Array.from(Buffer.from(c));
        expect(readBound(within(bind))).toEqual({ formats: [0, 0, 1], values: [bytes, null, bytes] });
        expect(readTarget(within(serialize.describe({ type: "P", name: a })))).toEqual({ what: "portal", name: a });
        expect(readTarget(within(serialize.close({ type: "S", name: b })))).toEqual({ what: "statement", name: b });
        expect(readExecute(within(serialize.execute({ portal: c, rows: 7 })))).toBe(c);
      }),
    );
  });

  it("takes nothing that is cut short or too long", () => {
    const whole: readonly (readonly [Buffer, (range: ReturnType<typeof within>) => unknown])[] = [
      [serialize.query("select 1"), readQuery],
      [serialize.parse({ name: "s", text: "select $1", types: [23] }), readParse],
      [serialize.bind({ portal: "p", statement: "s", values: ["1", null] }), readBind],
      [serialize.describe({ type: "S", name: "s" }), readTarget],
      [serialize.execute({ portal: "p", rows: 1 }), readExecute],
    ];
    for (const [bytes, read] of whole) {
      expect(read(within(bytes))).not.toBeNull();
      for (let end = 5; end < bytes.length; end++) expect(read(within(bytes.subarray(0, end)))).toBeNull();
      expect(read(within(Buffer.concat([bytes, Buffer.from("x")])))).toBeNull();
    }
  });

  it("tells text that is not UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from("Q\0\0\0\0"), Buffer.from([0xc3, 0x28, 0])]);
    expect(readQuery(within(bytes))).toBeUndefined();
  });

  it("does not take a second statement behind a NUL", () => {
    expect(readQuery(within(Buffer.from("Q\0\0\0\0select 1\0drop table x\0")))).toBeNull();
  });
});

describe("messages of the gateway", () => {
  it("are what pg-protocol writes", () => {
    fc.assert(
      fc.property(text, text, (name, query) => {
        expect(encodeDescribe("S", name)).toEqual(serialize.describe({ type: "S", name }));
        expect(encodeParse(name.slice(0, 60), query)).toEqual(
          serialize.parse({ name: name.slice(0, 60), text: query }),
        );
      }),
    );
    expect(SYNC).toEqual(Buffer.from(serialize.sync()));
    expect(FLUSH).toEqual(Buffer.from(serialize.flush()));
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])("say %s so that a client can read it", async (code) => {
    const refusal = new Refusal(code, { detail: "detail", position: 3 });
    const read = await decoded(refusalMessage(refusal, "ERROR"));
    const { sqlstate, message, hint } = refusal;
    expect(read).toMatchObject({ name: "error", severity: "ERROR", code: sqlstate, message, hint, detail: "detail" });
    expect(read.position).toBe("3");
  });
});

describe("messages of the target", () => {
  it("are read", () => {
    const columns = [
      { name: "a", table: 5, attribute: 2, type: 25, format: 0 },
      { name: "bé", table: 0, attribute: 0, type: 1700, format: 1 },
    ];
    expect(readRowDescription(within(backend.rowDescription(...columns)))).toMatchObject(columns);
    expect(readTag(within(backend.complete("INSERT 0 1")))).toBe("INSERT 0 1");
    expect(readParameter(within(backend.parameter("TimeZone", "UTC")))).toEqual(["TimeZone", "UTC"]);
    expect(readNotification(within(backend.notification("c", "p")))).toEqual({ pid: 7, channel: "c" });
    expect(readCopyResponse(within(backend.copyOut(3)))).toEqual({ format: 0, columns: 3 });
    expect(readFields(within(backend.error("22012", "x")))?.get("C")).toBe("22012");
  });
});

describe("inertFrames", () => {
  const inert = [
    serialize.bind({}),
    serialize.describe({ type: "P", name: "" }),
    serialize.close({ type: "S", name: "x" }),
    serialize.sync(),
    serialize.flush(),
    serialize.copyData(Buffer.from("x")),
    serialize.copyDone(),
    serialize.copyFail("x"),
    ABORT,
  ].map((bytes) => Buffer.from(bytes));

  it("knows messages that carry no command", () => {
    for (const bytes of inert) expect(inertFrames(bytes)).toBe(true);
    expect(inertFrames(Buffer.concat(inert))).toBe(true);
  });

  it("finds a command among them", () => {
    const commands = [
      serialize.query("select 1"),
      serialize.parse({ text: "select 1" }),
      serialize.parse({ name: "postern", text: "select 1" }),
      serialize.execute({}),
      Buffer.from("F\0\0\0\u0004"),
      Buffer.from("X\0\0\0\u0004"),
    ].map((bytes) => Buffer.from(bytes));
    for (const command of commands)
      for (let i = 0; i <= inert.length; i++)
        expect(inertFrames(Buffer.concat([...inert.slice(0, i), command, ...inert.slice(i)]))).toBe(false);
  });

  it("takes whole messages only", () => {
    const all = Buffer.concat(inert);
    const ends = new Set<number>();
    for (let at = 0; at < all.length; ends.add(at)) at += 1 + all.readUInt32BE(at + 1);
    for (let end = 1; end < all.length; end++) expect(inertFrames(all.subarray(0, end))).toBe(ends.has(end));
  });
});

describe("rebuilt messages", () => {
  const rebuilt = async (fields: Record<string, string>) =>
    decoded(rebuiltMessage("E", new Map(Object.entries({ S: "ERROR", V: "ERROR", ...fields }))));

  it("keep severity and SQLSTATE and say nothing else of the target's", async () => {
    const letters = "MDHPWpqstcdnFLR";
    const fields = Object.fromEntries(Array.from(letters, (code) => [code, `secret ${code}`]));
    const bytes = rebuiltMessage("E", new Map(Object.entries({ S: "ERROR", V: "ERROR", C: "23505", ...fields })));
    expect(bytes.toString()).not.toContain("secret");
    expect(await decoded(bytes)).toMatchObject({ code: "23505", severity: "ERROR", message: "unique violation" });
  });

  it("keep the parser's words about the statement itself", async () => {
    const fields = { C: "42703", M: 'column "x" does not exist', P: "8", R: "errorMissingColumn" };
    expect(await rebuilt(fields)).toMatchObject({ message: 'column "x" does not exist', position: "8" });
  });

  it("do not take words for the parser's that code of the database can choose", async () => {
    const words = { C: "42703", M: "123-45-6789", P: "8" };
    for (const fields of [
      { ...words, R: "exec_stmt_raise" },
      { ...words, R: "errorMissingColumn", W: "PL/pgSQL function f()" },
      { ...words, R: "errorMissingColumn", q: "select 123" },
      { C: "42704", M: "123-45-6789", R: "typenameType" },
    ])
      expect((await rebuilt(fields)).message).not.toContain("123");
  });

  it("say what to do, for every class of SQLSTATE", () => {
    const classes = new Set([...CONDITIONS.keys()].map((code) => code.slice(0, 2)));
    const unknown = [...classes].filter((code) => code !== "XX" && adviceOn(`${code}000`) === adviceOn("XX000"));
    expect(classes.size).toBeGreaterThan(40);
    expect(unknown).toEqual([]);
  });

  it("name a broken constraint when the server does, not when code of the database does", async () => {
    const fields = { C: "23505", M: "secret", D: "secret", n: "patients_mrn_key", t: "patients", s: "public" };
    expect(await rebuilt({ ...fields, R: "_bt_check_unique" })).toMatchObject({
      message: 'unique violation: constraint "patients_mrn_key" of table "patients"',
      constraint: "patients_mrn_key",
    });
    expect((await rebuilt({ ...fields, R: "exec_stmt_raise" })).constraint).toBeUndefined();
  });

  it("do not carry data in a SQLSTATE that only the database knows", async () => {
    expect((await rebuilt({ C: "12345", M: "x" })).code).toBe("XX000");
    expect((await rebuilt({ C: "P0077", M: "x" })).code).toBe("P0000");
  });
});
