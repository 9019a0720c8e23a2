// Credentials of targets in a stand-in for Secrets Manager, through rotations and on a bad way; and the tokens that RDS takes.
import { createHash, createHmac } from "node:crypto";
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { awsTimes } from "#functions/adapters/clients.ts";
import { rdsToken, SecretCredentials } from "#proxy/adapters/aws-credentials.ts";
import type { Target } from "#shared/target.ts";
import { type Fault, type FaultyWay, startFaultyWay } from "#test/support/faulty.ts";
import { clientOf, type MiniStack, startMiniStack } from "./ministack.ts";

const STARTING = 300_000;
const ATTEMPT_MS = 300;
const FAULTS: readonly Fault[] = ["refused", "lost", "cut", "slow", "throttled", "500"];

let ministack: MiniStack;
let client: SecretsManagerClient;
let way: FaultyWay;
let clock = 1_000_000;
beforeAll(async () => {
  ministack = await startMiniStack();
  client = new SecretsManagerClient(clientOf(ministack.endpoint));
  way = await startFaultyWay(ministack.port, 2 * ATTEMPT_MS);
}, STARTING);
afterAll(async () => {
  await way?.close();
  ministack?.stop();
});

let secrets = 0;
async function secret(text: string) {
  const made = await client.send(new CreateSecretCommand({ Name: `target-${++secrets}`, SecretString: text }));
  const place = { type: "secret", id: made.ARN ?? "", field: "password" } as const;
  const put = async (value: string, stage: string) => {
    const put = new PutSecretValueCommand({ SecretId: place.id, SecretString: value, VersionStages: [stage] });
    return (await client.send(put)).VersionId ?? "";
  };
  return { place, version: made.VersionId ?? "", put };
}
const json = (password: string) => JSON.stringify({ username: "gateway", password });
const open = (over = client) => new SecretCredentials(over, () => clock);

describe("a secret", () => {
  test("is a field of a JSON object, or the password itself; its version is named", async () => {
    const one = await secret(json("s3cret"));
    expect(await open().fetch(one.place)).toEqual({ password: "s3cret", version: one.version });
    const plain = await secret("plain");
    expect(await open().fetch(plain.place)).toEqual({ password: "plain", version: plain.version });
    for (const bad of [json(""), "{}", '{"password":7}', "{"])
      await expect(open().fetch((await secret(bad)).place)).rejects.toThrow("has no password");
    await expect(open().fetch({ ...one.place, id: "nothing" })).rejects.toThrow("has no version");
  });

  test("is remembered for five minutes, and asked for at once when it was refused", async () => {
    const one = await secret(json("old"));
    const credentials = open();
    const old = await credentials.fetch(one.place);
    const version = await one.put(json("new"), "AWSCURRENT");
    expect(await credentials.fetch(one.place)).toEqual(old);
    expect(await credentials.fetch(one.place, old.version)).toEqual({ password: "new", version });
    expect(await credentials.fetch(one.place)).toEqual({ password: "new", version });
    await one.put(json("newer"), "AWSCURRENT");
    clock += 5 * 60_000;
    expect((await credentials.fetch(one.place)).password).toBe("newer");
  });

  test("that is being rotated: the pending version is tried when the current one is refused", async () => {
    const one = await secret(json("old"));
    const credentials = open();
    const { version } = await credentials.fetch(one.place);
    await expect(credentials.fetch(one.place, version)).rejects.toThrow("AWSPENDING");
    const pending = await one.put(json("new"), "AWSPENDING");
    expect(await credentials.fetch(one.place, version)).toEqual({ password: "new", version: pending });
    // Not before it is the current one is it what others get.
    expect((await credentials.fetch(one.place)).version).toBe(version);
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: one.place.id,
        VersionStage: "AWSCURRENT",
        MoveToVersionId: pending,
        RemoveFromVersionId: version,
      }),
    );
    expect((await credentials.fetch(one.place, version)).version).toBe(pending);
    expect((await credentials.fetch(one.place)).version).toBe(pending);
  });

  test("is asked for once by many at the same time", async () => {
    const one = await secret(json("s"));
    const credentials = open(new SecretsManagerClient(clientOf(way.endpoint)));
    const before = way.seen;
    await Promise.all(Array.from({ length: 20 }, () => credentials.fetch(one.place)));
    expect(way.seen - before).toBe(1);
  });

  test.each(FAULTS)("%s: there is none, and the next attempt gets it", async (fault) => {
    const one = await secret(json("s"));
    const bad = (attempts: number) =>
      open(new SecretsManagerClient({ ...clientOf(way.endpoint), ...awsTimes({ attemptMs: ATTEMPT_MS, attempts }) }));
    way.plan.push(fault);
    const credentials = bad(1);
    await expect(credentials.fetch(one.place)).rejects.toThrow();
    expect((await credentials.fetch(one.place)).password).toBe("s");
    way.plan.push(fault);
    expect((await bad(3).fetch(one.place)).password).toBe("s");
  });
});

test("a token for RDS is signed for this database and role, and for nothing else, as anybody can compute", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  const target = {
    host: "db.example.org",
    port: 5432,
    user: "gateway",
    credential: { type: "rds-iam", region: "eu-central-1" },
  };
  const { password, version } = await rdsToken(target as Target, 0);
  vi.unstubAllEnvs();
  expect(version).toBe("RDS IAM token of 1970-01-01T00:00:00.000Z");
  const url = new URL(`https://${password}`);
  const query = url.searchParams;
  expect(url.host).toBe("db.example.org:5432");
  expect(Object.fromEntries(query)).toMatchObject({ Action: "connect", DBUser: "gateway", "X-Amz-Expires": "900" });
  // Signature Version 4, by hand.
  const signature = query.get("X-Amz-Signature");
  query.delete("X-Amz-Signature");
  query.sort();
  const [, day = "", region = "", service = ""] = (query.get("X-Amz-Credential") ?? "").split("/");
  const canonical = [
    "GET",
    "/",
    query.toString().replaceAll("+", "%20"),
    "host:db.example.org:5432\n",
    "host",
    createHash("sha256").update("").digest("hex"),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const mac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = [day, region, service, "aws4_request"].reduce<Buffer | string>(mac, "AWS4wJalrXUtnFEMI");
  const expected = mac(key, ["AWS4-HMAC-SHA256", query.get("X-Amz-Date"), scope, hashed].join("\n")).toString("hex");
  expect([region, service]).toEqual(["eu-central-1", "rds-db"]);
  expect(signature).toBe(expected);
});
