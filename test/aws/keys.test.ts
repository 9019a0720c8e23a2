// Keys in a stand-in for KMS: what signs the ledger, what seals originals, and where wrapped keys are kept.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateKeyCommand, type CreateKeyCommandInput, KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { dynamoWrappedKeys } from "#functions/adapters/dynamo-wrapped-keys.ts";
import { kmsDataKeyOpener, kmsDataKeys } from "#functions/adapters/kms-data-keys.ts";
import { openKmsSigner } from "#functions/adapters/kms-signer.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { dataKeysContract, wrappedKeysContract } from "#test/contract/data-keys.ts";
import { signerContract } from "#test/contract/signer.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, createTable, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const ATTEMPT_MS = 300;
const NAME = "ledger.example.org";
const CONTEXT = { session: "01A", target: "clinic" };
const FAULTS: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];

let ministack: MiniStack;
let client: KMSClient;
let dynamo: DynamoDBClient;
let way: FaultyWay;
const keys = { ledger: "", other: "", sealed: "" };
beforeAll(async () => {
  ministack = await startMiniStack();
  client = new KMSClient(clientOf(ministack.endpoint));
  dynamo = new DynamoDBClient(clientOf(ministack.endpoint));
  way = await startFaultyWay(ministack.port, 2 * ATTEMPT_MS);
  const make = async (input: CreateKeyCommandInput) =>
    (await client.send(new CreateKeyCommand(input))).KeyMetadata?.Arn ?? "";
  keys.ledger = await make({ KeySpec: "ECC_NIST_EDWARDS25519", KeyUsage: "SIGN_VERIFY" });
  keys.other = await make({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  keys.sealed = await make({});
  await createTable(dynamo, "sealed-keys", { session: "S" });
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

const signer = (over = client, key = keys.ledger) =>
  openKmsSigner({ client: over, key, name: NAME, sha256: nodeSha256 });
const viaFaulty = (attempts: number) =>
  new KMSClient({ ...clientOf(way.endpoint), ...awsTimes({ attemptMs: ATTEMPT_MS, attempts }) });

signerContract("KMS", () => signer());
dataKeysContract("KMS", async () => ({
  keys: kmsDataKeys(client, keys.sealed),
  opener: kmsDataKeyOpener(client, keys.sealed),
}));
wrappedKeysContract("DynamoDB", () => dynamoWrappedKeys(dynamo, "sealed-keys"));

test("a key of another kind signs nothing", async () => {
  await expect(signer(client, keys.other)).rejects.toThrow("Ed25519");
  await expect(signer(client, keys.sealed)).rejects.toThrow();
  await expect(signer(client, keys.ledger.replace(/.$/, "x"))).rejects.toThrow();
});

describe("on a bad way", () => {
  test.each(FAULTS)("%s: nothing is signed or sealed by it, and the next attempt does", async (fault) => {
    const bad = viaFaulty(1);
    const signs = await signer(bad);
    way.plan.push(fault, fault);
    await expect(signs.sign(Buffer.from("head"))).rejects.toThrow();
    await expect(kmsDataKeys(bad, keys.sealed).generate(CONTEXT)).rejects.toThrow();
    expect(await signs.sign(Buffer.from("head"))).toHaveLength(64);
    way.plan.push(fault);
    expect((await kmsDataKeys(viaFaulty(3), keys.sealed).generate(CONTEXT)).key).toHaveLength(32);
  });

  test.each(FAULTS)("%s: a wrapped key whose answer was lost is kept once", async (fault) => {
    const bad = new DynamoDBClient({ ...clientOf(way.endpoint), ...awsTimes({ attemptMs: ATTEMPT_MS, attempts: 3 }) });
    const kept = dynamoWrappedKeys(bad, "sealed-keys");
    way.plan.push(fault);
    await kept.put(`bad ${fault}`, Buffer.from(fault));
    expect(Buffer.from((await kept.get(`bad ${fault}`)) ?? []).toString()).toBe(fault);
  });
});
