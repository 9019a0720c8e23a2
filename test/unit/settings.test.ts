import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitOptions } from "#proxy/protocols/postgres/options.ts";
import { readLoginRequest } from "#proxy/protocols/postgres/settings.ts";
import { Refusal } from "#shared/errors.ts";

const read = (parameters: Record<string, string>, standard: "password" | "oauthbearer" = "password") =>
  readLoginRequest(new Map(Object.entries({ user: "engineer", ...parameters })), standard);
const taken = (parameters: Record<string, string>) => {
  const request = read(parameters);
  if (request instanceof Refusal) throw new Error(request.message);
  return request;
};
const refused = (parameters: Record<string, string>) => {
  const request = read(parameters);
  if (!(request instanceof Refusal)) throw new Error("it was taken");
  return `${request.code}: ${request.message}`;
};

describe("start-up options", () => {
  test.each([
    ["", []],
    ["-c a=b", [["a", "b"]]],
    [
      "-ca=b  --c-d=e=f\t-c x=",
      [
        ["a", "b"],
        ["c_d", "e=f"],
        ["x", ""],
      ],
    ],
    ["-c search_path=a\\ b\\\\,c", [["search_path", "a b\\,c"]]],
    ["-c", null],
    ["-c =5", null],
    ["--role", null],
    ["-d 5", null],
    ["role=postgres", null],
    ["-", null],
  ])("%j", (text, expected) => {
    expect(splitOptions(text)).toEqual(expected);
  });

  test("what is written with escapes is read back", () => {
    const word = fc.string({ unit: "binary-ascii" });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z_]{1,8}$/), word), { maxLength: 5 }), (settings) => {
        const text = settings
          .map(([name, value]) => `-c ${name}=${value.replace(/[\\ \t\n\r\v\f]/g, "\\$&")}`)
          .join(" ");
        expect(splitOptions(text)).toEqual(settings);
      }),
    );
  });
});

describe("what a client may set at login", () => {
  test("settings from the list, as parameters or options, in any case", () => {
    const { settings } = taken({
      DateStyle: "ISO",
      TimeZone: "UTC",
      extra_float_digits: "2",
      options: "-c statement_timeout=5s --lock-timeout=1s -c search_path=care,public",
    });
    expect(Object.fromEntries(settings)).toEqual({
      datestyle: "ISO",
      timezone: "UTC",
      extra_float_digits: "2",
      statement_timeout: "5s",
      lock_timeout: "1s",
      search_path: "care,public",
    });
  });

  test("a parameter wins over the same setting among options, as in the server", () => {
    expect(taken({ options: "-c timezone=UTC", TimeZone: "CET" }).settings.get("timezone")).toBe("CET");
  });

  test("what is the gateway's own goes no further", () => {
    const request = taken({
      database: "clinic",
      application_name: "x".repeat(80),
      client_encoding: "utf-8",
      options: "-c postern.auth=oauthbearer",
    });
    expect(request).toMatchObject({
      user: "engineer",
      target: "clinic",
      application: "x".repeat(63),
      method: "oauthbearer",
    });
    expect([...request.settings]).toEqual([]);
  });

  test("the purpose of use is one word", () => {
    const request = taken({ options: "-c postern.purpose=treatment" });
    expect([request.purpose, request.settings.size]).toEqual(["treatment", 0]);
    for (const purpose of ["", "of John Doe", "900-12-3456", "x".repeat(33)])
      expect(refused({ "postern.purpose": purpose })).toContain("protocol-unsupported");
  });

  test("the application name among options", () => {
    expect(taken({ options: "-c application_name=me" }).application).toBe("me");
  });

  test("the target is the user's name when none is given", () => {
    expect(taken({}).target).toBe("engineer");
    expect(taken({ database: "" }).target).toBe("engineer");
  });

  test.each(["UTF8", "utf-8", "UNICODE", "SQL_ASCII", "'utf8'"])("encoding %s", (client_encoding) => {
    expect(taken({ client_encoding }).settings.size).toBe(0);
  });

  test.each(["LATIN1", "WIN1252", "SJIS", ""])("not encoding %s", (client_encoding) => {
    expect(refused({ client_encoding })).toContain("client_encoding");
    expect(refused({ options: `-c client_encoding=${client_encoding}` })).toContain("client_encoding");
  });

  test.each(["false", "off", "0", "no", "f"])("replication=%s is none", (replication) => {
    expect(taken({ replication }).user).toBe("engineer");
  });

  test.each(["true", "database", "1", "on", "", "o"])("replication=%s is refused", (replication) => {
    expect(refused({ replication })).toContain("protocol-unsupported: replication");
  });

  test("only names on the list get through", () => {
    const list = ["datestyle", "timezone", "search_path", "jit", "statement_timeout"];
    const name = fc.oneof(
      fc.stringMatching(/^[a-z_.]{1,30}$/),
      fc.constantFrom("role", "session_authorization", "bytea_output", ...list),
    );
    fc.assert(
      fc.property(name, fc.boolean(), (setting, asOption) => {
        const request = read(asOption ? { options: `-c ${setting}=v` } : { [setting]: "v" });
        if (request instanceof Refusal || ["user", "database", "options", "application_name"].includes(setting)) return;
        expect([...request.settings.keys()]).toEqual([setting]);
        expect(setting).not.toMatch(/role|authorization|preload|encoding|conforming|replication/);
      }),
    );
  });
});
