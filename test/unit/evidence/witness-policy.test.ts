// Policies of witnesses, as C2SP tlog-policy has them.
import { describe, expect, test } from "vitest";
import { nodeSha256 as sha256 } from "#proxy/adapters/node-crypto.ts";
import { COSIGNATURE_ED25519, parseVerifierKey, verifierKey } from "#shared/evidence/checkpoint.ts";
import { allOf, canBeMet, parseWitnessPolicy } from "#shared/evidence/witness-policy.ts";

const keyOf = (n: number, name = `w${n}.example`) =>
  verifierKey(name, Buffer.alloc(32, n), sha256, COSIGNATURE_ED25519);
const idOf = (n: number) => parseVerifierKey(keyOf(n), sha256, COSIGNATURE_ED25519).id;
const cosigned = (...ns: number[]) => new Set(ns.map(idOf));
const LOG = verifierKey("ledger.example", Buffer.alloc(32, 9), sha256);
const read = (...lines: string[]) => parseWitnessPolicy(lines.join("\n"), sha256);
const witnesses = (count: number) => Array.from({ length: count }, (_, i) => `witness X${i + 1} ${keyOf(i + 1)}`);

describe("a policy", () => {
  test("has witnesses, where they are asked, and the ledgers that it is about", () => {
    const policy = read(
      "# ours",
      "",
      `log ${LOG} https://ledger.example/`,
      `\twitness  X1\t${keyOf(1)} https://w1.example/prefix/ `,
      `witness X2 ${keyOf(2)}`,
      "quorum X1",
    );
    expect(policy.logs).toEqual([LOG]);
    expect(policy.witnesses.map(({ key, url }) => [key.name, url])).toEqual([
      ["w1.example", "https://w1.example/prefix"],
      ["w2.example", null],
    ]);
    expect(policy.enough(cosigned(1))).toBe(true);
    expect(policy.enough(cosigned(2))).toBe(false);
  });

  test("asks for any, all or some, in groups of groups", () => {
    // The example of the specification.
    const policy = read(
      ...witnesses(6),
      "group X 2 X1 X2 X3",
      "group Y any X4 X5 X6",
      "group both all X Y",
      "quorum both",
    );
    expect(policy.enough(cosigned(1, 2, 3))).toBe(false);
    expect(policy.enough(cosigned(1, 4, 5, 6))).toBe(false);
    expect(policy.enough(cosigned(1, 3, 6))).toBe(true);
    expect(read("quorum none").enough(cosigned())).toBe(true);
  });

  test.each([
    [["witness X1"], "line 1: a witness is"],
    [["", `witness X1 ${LOG}`], "line 2: this is not a verifier key for cosignatures"],
    [[`log ${keyOf(1)}`], "line 1: this is not a verifier key for Ed25519"],
    [
      [
        `witness X1 ${keyOf(1)
          .replace("+0", "+1")
          .replace(/\+[1-9a-f]/, "+0")}`,
        "quorum X1",
      ],
      "line 1: the verifier key's id",
    ],
    [[`witness X1 ${keyOf(1)} ftp://w`], "line 1: ftp://w is not an address"],
    [[...witnesses(1), `witness X2 ${keyOf(1, "another")}`], "line 2: a witness with this key is there already"],
    [[...witnesses(1), `witness X1 ${keyOf(2)}`], "line 2: the name X1 is taken"],
    [[`witness none ${keyOf(1)}`], "line 1: the name none is taken"],
    [[...witnesses(2), "group g 3 X1 X2"], "line 3: 3 of 2 cannot be"],
    [[...witnesses(2), "group g 0 X1 X2"], "line 3: 0 of 2 cannot be"],
    [[...witnesses(2), "group g all X1 X3"], "line 3: X3 is not defined before"],
    [[...witnesses(2), "group g any X1", "group h any X1"], "line 4: X1 is a member already"],
    [[...witnesses(2), "group g any none"], "line 3: none is not defined before"],
    [["quorum g"], "line 1: g is not defined before"],
    [["quorum none", "quorum none"], "line 2: there is a quorum already"],
    [witnesses(1), "there is no line `quorum`"],
    [["trust me"], "line 1: trust is not log, witness, group or quorum"],
  ])("%j is refused", (lines, what) => {
    expect(() => read(...lines)).toThrow(what);
  });

  test("counts nobody for somebody else whose key has the same id", () => {
    // Found by trying: of 60 000 keys two have the same first four bytes of their hash.
    const [one, two] = [39_552, 58_264].map((n) => {
      const publicKey = Buffer.alloc(32);
      publicKey.writeUInt32BE(n);
      return verifierKey("w1.example", publicKey, sha256, COSIGNATURE_ED25519);
    }) as [string, string];
    expect(one.slice(0, 20)).toBe(two.slice(0, 20));
    const message = "this key has the id of w1.example's";
    expect(() => read(`witness X1 ${one}`, `witness X2 ${two}`, "group g all X1 X2", "quorum g")).toThrow(message);
    expect(() => allOf([one, two], sha256)).toThrow(message);
  });

  test("can be met when enough of them can be asked", () => {
    const [one, two] = [`witness X1 ${keyOf(1)} https://w1.example`, `witness X2 ${keyOf(2)}`];
    expect(canBeMet(read(one, two, "group g any X1 X2", "quorum g"))).toBe(true);
    expect(canBeMet(read(one, two, "group g all X1 X2", "quorum g"))).toBe(false);
    expect(canBeMet(read("quorum none"))).toBe(true);
  });

  test("of keys alone asks for all of them", () => {
    const policy = allOf([keyOf(1), keyOf(2)], sha256);
    expect(policy.enough(cosigned(1))).toBe(false);
    expect(policy.enough(cosigned(1, 2))).toBe(true);
    expect(() => allOf([LOG], sha256)).toThrow("ledger.example");
  });
});
