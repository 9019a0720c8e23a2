// The corpus of attempts to get masked values past the gateway, through whole gateways in front of two clinics that differ in masked values
// alone: every answer has to be the same from both, whatever form it is asked in, and hold no masked value in any spelling.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Attempt, readAttempts } from "#test/support/attempts.ts";
import { bypassGround, type Ground } from "#test/support/bypass.ts";

const ATTEMPTS = readAttempts();
const CHANNELS = Array.from({ length: 16 }, (_, i) => i + 1);
const ofChannel = (channel: number) => ATTEMPTS.filter((attempt) => attempt.channel === channel);
const toSay = (attempts: readonly Attempt[]) =>
  attempts.map((a) => [...a.before, a.last].map(({ sql }) => sql).join(";\n"));

async function problems(ground: Ground, attempts: readonly Attempt[]): Promise<string[]> {
  const found: string[] = [];
  for (const attempt of attempts)
    for (const { place, form, what } of await ground.run(attempt)) found.push(`${place} (${form}) ${what}`);
  return found;
}

test("there are attempts over every channel, each of its own", () => {
  expect(new Set(toSay(ATTEMPTS)).size).toBeGreaterThanOrEqual(250);
  for (const channel of CHANNELS) expect(ofChannel(channel).length, `channel ${channel}`).toBeGreaterThanOrEqual(15);
});

describe("through two gateways", { timeout: 600_000 }, () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await bypassGround();
  });
  afterAll(() => ground?.stop());

  test.each([...new Set(ATTEMPTS.map((attempt) => attempt.channel))])(
    "channel %i tells of no masked value",
    async (channel) => {
      expect(await problems(ground, ofChannel(channel))).toEqual([]);
    },
  );
});
