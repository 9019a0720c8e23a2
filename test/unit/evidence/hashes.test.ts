import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeSha256 as sha256, nodeVerifyEd25519 as verifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { canonical } from "#shared/evidence/canonical.ts";
import {
  checkpointText,
  openCheckpoint,
  parseVerifierKey,
  signedCheckpoint,
  verifierKey,
} from "#shared/evidence/checkpoint.ts";
import { fromBase64, toBase64, toHex } from "#shared/evidence/digest.ts";
import { leafHash, MerkleTree } from "#shared/evidence/merkle.ts";

describe("canonical JSON", () => {
  it("is what RFC 8785 shows (sections 3.2.2 and 3.2.3)", () => {
    const numbers = { numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001] };
    expect(canonical(numbers)).toBe('{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}');
    const sorted = canonical({
      "€": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew",
      "1": "One",
      "😀": "Emoji",
      "\u0080": "Control",
      ö: "o",
    });
    expect([...sorted.matchAll(/:"(\w+)/g)].map((m) => m[1])).toEqual([
      "Carriage",
      "One",
      "Control",
      "o",
      "Euro",
      "Emoji",
      "Hebrew",
    ]);
  });

  it("refuses what has no spelling", () => {
    expect(() => canonical(Number.NaN)).toThrow(RangeError);
    expect(() => canonical({ a: "\ud800" })).toThrow(RangeError);
  });
});

describe("Base64", () => {
  it("has one spelling for the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
    // Bits that no byte takes, missing padding, spaces, the other alphabet.
    for (const other of ["QQ=", "QR==", "QQ", " QQ==", "Q-==", "QQ==="]) expect(fromBase64(other)).toBeNull();
  });
});

describe("the Merkle tree", () => {
  // The leaves and roots with which Certificate Transparency's own implementations are tested.
  const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];

  it("has the roots of RFC 6962's test vectors", () => {
    const tree = new MerkleTree(sha256);
    expect(toHex(tree.root())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (const [i, leaf] of leaves.entries()) {
      tree.append(leafHash(Buffer.from(leaf, "hex"), sha256));
      expect(toHex(tree.root())).toBe(roots[i]);
    }
  });

  it("is the definition of RFC 6962, section 2.1, at every size", () => {
    const data = Array.from({ length: 70 }, (_, i) => Buffer.from(String(i)));
    const tree = new MerkleTree(sha256);
    for (const [i, leaf] of data.entries()) {
      tree.append(leafHash(leaf, sha256));
      expect(toHex(tree.root())).toBe(toHex(definition(data.slice(0, i + 1))));
    }
  });

  function definition(data: readonly Uint8Array[]): Uint8Array {
    const [only] = data;
    if (data.length === 1 && only !== undefined) return leafHash(only, sha256);
    let k = 1;
    while (k * 2 < data.length) k *= 2;
    return sha256.digest(Buffer.concat([Buffer.of(1), definition(data.slice(0, k)), definition(data.slice(k))]));
  }
});

describe("checkpoints", () => {
  const pair = generateKeyPairSync("ed25519");
  const publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const key = verifierKey("ledger.example/1", publicKey, sha256);
  const head = { origin: "ledger.example/1", size: 42, root: sha256.digest(Buffer.from("root")) };
  const note = signedCheckpoint(
    head,
    publicKey,
    sign(null, Buffer.from(checkpointText(head)), pair.privateKey),
    sha256,
  );
  const tools = { sha256, verifyEd25519 };

  it("use key ids as golang.org/x/mod/sumdb/note makes them", () => {
    const peter = parseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", sha256);
    expect(peter.name).toBe("PeterNeumann");
    expect(() =>
      parseVerifierKey("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", sha256),
    ).toThrow();
  });

  it("open when they are signed by the key", () => {
    const opened = openCheckpoint(note, key, tools);
    expect({ ...opened, root: toHex(opened.root) }).toEqual({ ...head, root: toHex(head.root) });
  });

  it("may carry signatures of others, which are passed over", () => {
    const cosigned = `${note}— witness.example AAAAAAAA\n`;
    expect(openCheckpoint(cosigned, key, tools).size).toBe(42);
  });

  it("do not open after any change of any byte", () => {
    const bytes = Buffer.from(note);
    for (let i = 0; i < bytes.length; i++)
      for (const flip of [1, 2, 32, 128]) {
        const changed = Buffer.from(bytes);
        changed[i] = (changed[i] ?? 0) ^ flip;
        expect(() => openCheckpoint(changed.toString("utf8"), key, tools)).toThrow();
      }
  });

  it("do not open when signed by another key of the same name", () => {
    const other = generateKeyPairSync("ed25519");
    const forged = signedCheckpoint(
      head,
      publicKey,
      sign(null, Buffer.from(checkpointText(head)), other.privateKey),
      sha256,
    );
    expect(() => openCheckpoint(forged, key, tools)).toThrow("signature is wrong");
  });
});
