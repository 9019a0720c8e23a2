// A credential that the target refuses is changed once for the newest, and never for the same.
import { describe, expect, test } from "vitest";
import { withCredential } from "#proxy/protocols/postgres/credential.ts";
import { TargetFailure } from "#proxy/protocols/postgres/reach.ts";

const refused = (sqlstate: string) => new TargetFailure("target-refused", "no", sqlstate);

/** A target that takes one password, and a store of credentials with these versions, oldest first. */
function ground(taken: string, versions: readonly string[], sqlstate = "28P01") {
  const tried: string[] = [];
  const asked: (string | undefined)[] = [];
  const run = withCredential(
    async (version) => {
      asked.push(version);
      const next = version === undefined ? versions[0] : versions[versions.length - 1];
      if (next === undefined) throw new Error("none");
      return { password: `password of ${next}`, version: next };
    },
    async (password) => {
      tried.push(password);
      if (password !== `password of ${taken}`) throw refused(sqlstate);
      return "in";
    },
  );
  return { run, tried, asked };
}

describe("withCredential", () => {
  test("asks once when the first is taken", async () => {
    const { run, asked } = ground("v1", ["v1", "v2"]);
    expect(await run).toBe("in");
    expect(asked).toEqual([undefined]);
  });

  test.each(["28P01", "28000"])("tries the newest once after %s", async (sqlstate) => {
    const { run, tried, asked } = ground("v2", ["v1", "v2"], sqlstate);
    expect(await run).toBe("in");
    expect(asked).toEqual([undefined, "v1"]);
    expect(tried).toHaveLength(2);
    const wrong = ground("v3", ["v1", "v2"], sqlstate);
    await expect(wrong.run).rejects.toBeInstanceOf(TargetFailure);
    expect(wrong.tried).toHaveLength(2);
  });

  test("does not try the same twice: targets count failures", async () => {
    const { run, tried } = ground("v2", ["v1"]);
    await expect(run).rejects.toBeInstanceOf(TargetFailure);
    expect(tried).toHaveLength(1);
  });

  test.each(["53300", "57P03", "3D000", ""])("does not take %s for the credential's fault", async (sqlstate) => {
    const { run, tried } = ground("v2", ["v1", "v2"], sqlstate);
    await expect(run).rejects.toBeInstanceOf(TargetFailure);
    expect(tried).toHaveLength(1);
  });
});
