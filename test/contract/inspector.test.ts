// Inspectors against services of the test's own: what goes over the wire is what AWS documents, and whatever comes back or does not, every
// text gets an answer in time.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { handler } from "#functions/detect-phi/handler.ts";
import { lambdaInspector } from "#proxy/adapters/aws-inspector.ts";
import { localInspector } from "#proxy/adapters/local-inspector.ts";
import type { InspectorPort } from "#proxy/ports/inspector.ts";
import { type AwsAnswer, type AwsService, CREDENTIALS, startAwsService } from "#test/support/aws-service.ts";
import { type FakeComprehend, startComprehend } from "#test/support/comprehend.ts";

let comprehend: FakeComprehend;
let lambda: AwsService;
/** What the Lambda service says instead of calling the function. */
let instead: (() => AwsAnswer | null) | null = null;

beforeAll(async () => {
  comprehend = await startComprehend([]);
  lambda = await startAwsService("lambda", async ({ body }) => {
    if (instead !== null) return instead();
    // An error of the function is told in a header; its words stay in the body.
    return handler(JSON.parse(body)).then(
      (said) => ({ body: JSON.stringify(said) }),
      (error: Error) => ({
        body: JSON.stringify({ errorType: error.name, errorMessage: error.message }),
        headers: { "x-amz-function-error": "Unhandled" },
      }),
    );
  });
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  vi.stubEnv("AWS_MAX_ATTEMPTS", "2");
  vi.stubEnv("AWS_ENDPOINT_URL_COMPREHENDMEDICAL", comprehend.url);
  vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", lambda.url);
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([comprehend.close(), lambda.close()]);
});
beforeEach(() => {
  comprehend.words = ["Zwick", "Öl𝒳"];
  comprehend.delay = 0;
  comprehend.requests.length = comprehend.texts.length = lambda.requests.length = 0;
});
afterEach(() => {
  comprehend.fault = () => undefined;
  instead = null;
});

const KINDS: readonly (readonly [string, (millis: number) => InspectorPort])[] = [
  ["called in process", localInspector],
  ["invoked", (millis) => lambdaInspector("postern-detect-phi", millis)],
];

describe.each(KINDS)("detect-phi, %s", (_, open) => {
  test("gives the places in code points, one answer for each text, in their order", async () => {
    const texts = ["seen by Zwick", "nothing", "😀😀 Zwick and Öl𝒳.", "é Zwick Zwick"];
    expect(await open(5000).inspect(texts)).toEqual([
      { found: [{ start: 8, end: 13, type: "NAME" }] },
      { found: [] },
      {
        found: [
          { start: 3, end: 8, type: "NAME" },
          { start: 13, end: 16, type: "NAME" },
        ],
      },
      {
        found: [
          { start: 2, end: 7, type: "NAME" },
          { start: 8, end: 13, type: "NAME" },
        ],
      },
    ]);
  });

  test("finds what stands at the cuts of a long text, and sends no call more than it takes", async () => {
    // Names from 3 to 18 bytes, with and without spaces around, over and over.
    const filler = "ordinary words, ".repeat(70);
    const text = Array.from({ length: 55 }, (_, i) => `${filler}${"x".repeat(i)}${i % 2 ? " " : "-"}Zwick😀`).join("");
    expect(Buffer.byteLength(text)).toBeLessThan(65_536);
    const [answer] = await open(20_000).inspect([text]);
    const starts = new Set("found" in answer! ? answer.found.map(({ start }) => start) : []);
    const points = [...text];
    const expected = points.flatMap((_, i) => (points.slice(i, i + 5).join("") === "Zwick" ? [i] : []));
    expect([...starts].sort((a, b) => a - b)).toEqual(expected);
    expect(comprehend.texts.length).toBeGreaterThan(2);
    for (const piece of comprehend.texts) expect(Buffer.byteLength(piece)).toBeLessThan(20_000);
  });

  const REFUSALS: readonly (readonly [string, string, AwsAnswer])[] = [
    ["a refusal", "refused", { status: 400, body: '{"__type":"InvalidRequestException","Message":"m"}' }],
    ["too long a text", "refused", { status: 400, body: '{"__type":"TextSizeLimitExceededException"}' }],
    ["no permission", "refused", { status: 400, body: '{"__type":"AccessDeniedException"}' }],
    ["an error of the service", "unavailable", { status: 500, body: '{"__type":"InternalServerException"}' }],
    ["a service that is not there", "unavailable", { status: 503, body: "<html>Service Unavailable</html>" }],
    ["throttling", "throttled", { status: 400, body: '{"__type":"TooManyRequestsException"}' }],
    ["garbage", "malformed", { body: "not JSON" }],
    ["something else", "malformed", { body: "{}" }],
    ["null", "malformed", { body: "null" }],
    ["entities without places", "malformed", { body: '{"Entities":[{"Type":"NAME"}]}' }],
    ["an answer that goes on", "malformed", { body: '{"Entities":[],"PaginationToken":"more"}' }],
    ["a place before the text", "malformed", { body: '{"Entities":[{"BeginOffset":-1,"EndOffset":2}]}' }],
    ["a place behind the text", "malformed", { body: '{"Entities":[{"BeginOffset":3,"EndOffset":200}]}' }],
    ["an empty place", "malformed", { body: '{"Entities":[{"BeginOffset":3,"EndOffset":3}]}' }],
    ["half a character", "malformed", { body: '{"Entities":[{"BeginOffset":1.5,"EndOffset":3}]}' }],
    ["places counted otherwise", "malformed", { body: '{"Entities":[{"BeginOffset":3,"EndOffset":6,"Text":"bad"}]}' }],
  ];
  test.each(REFUSALS)("says of one text that it was not inspected after %s", async (_, why, answer) => {
    comprehend.fault = (text) => (text.includes("bad") ? answer : undefined);
    expect(await open(10_000).inspect(["Zwick", "a bad one", "fine"])).toEqual([
      { found: [{ start: 0, end: 5, type: "NAME" }] },
      { failed: why },
      { found: [] },
    ]);
  });

  test("is done in time, with what it has, when one text is not answered", async () => {
    comprehend.fault = (text) => (text.includes("bad") ? null : undefined);
    const begun = performance.now();
    expect(await open(600).inspect(["Zwick", "a bad one"])).toEqual([
      { found: [{ start: 0, end: 5, type: "NAME" }] },
      { failed: "time-out" },
    ]);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("calls what it does not know by another name", async () => {
    comprehend.fault = () => ({ body: '{"Entities":[{"BeginOffset":0,"EndOffset":2,"Type":"](x"}]}' });
    expect(await open(5000).inspect(["text"])).toEqual([{ found: [{ start: 0, end: 2, type: "PHI" }] }]);
  });
});

test("DetectPHI is called as its reference says, signed", async () => {
  await localInspector(5000).inspect(["one text"]);
  expect(comprehend.requests).toHaveLength(1);
  const [{ method, path, headers, body, badSignature }] = comprehend.requests as [(typeof comprehend.requests)[0]];
  expect({ method, path, body: JSON.parse(body), badSignature }).toEqual({
    method: "POST",
    path: "/",
    body: { Text: "one text" },
    badSignature: null,
  });
  expect(headers["x-amz-target"]).toBe("ComprehendMedical_20181030.DetectPHI");
  expect(headers["content-type"]).toBe("application/x-amz-json-1.1");
});

test("a request that was changed on its way would not be taken", async () => {
  await localInspector(5000).inspect(["one text"]);
  const { headers } = comprehend.requests[0]!;
  const again = await fetch(comprehend.url, {
    method: "POST",
    headers: headers as Record<string, string>,
    body: '{"Text":"two text"}',
  });
  expect(again.status).toBe(403);
});

describe("the Lambda's invocation", () => {
  test("is the documented one", async () => {
    await lambdaInspector("postern-detect-phi", 5000).inspect(["one", "two"]);
    const [{ method, path, body, badSignature }] = lambda.requests as [(typeof lambda.requests)[0]];
    expect({ method, path, badSignature }).toEqual({
      method: "POST",
      path: "/2015-03-31/functions/postern-detect-phi/invocations",
      badSignature: null,
    });
    expect(JSON.parse(body)).toEqual({ texts: ["one", "two"], millis: 4000 });
  });

  const NOTHING = [{ failed: "malformed" }, { failed: "malformed" }];
  const DOWN = [{ failed: "unavailable" }, { failed: "unavailable" }];
  const SLOW = [{ failed: "time-out" }, { failed: "time-out" }];
  test.each<readonly [string, object, AwsAnswer | null]>([
    ["an error of the function", DOWN, { body: '{"errorType":"X"}', headers: { "x-amz-function-error": "Unhandled" } }],
    ["an error of Lambda", DOWN, { status: 500, body: '{"message":"x"}' }],
    ["a function that is not there", DOWN, { status: 404, body: '{"message":"x"}' }],
    ["garbage", DOWN, { body: "not JSON" }],
    ["no answer", SLOW, null],
    ["an object", NOTHING, { body: "{}" }],
    ["too few answers", NOTHING, { body: '[{"found":[]}]' }],
    ["too many answers", NOTHING, { body: '[{"found":[]},{"found":[]},{"found":[]}]' }],
    ["a word of its own", NOTHING, { body: '[{"found":[]},{"failed":"because"}]' }],
    ["a label that is none", NOTHING, { body: '[{"found":[]},{"found":[{"start":0,"end":1,"type":"] x"}]}]' }],
    ["a fraction", NOTHING, { body: '[{"found":[]},{"found":[{"start":0,"end":0.5,"type":"ID"}]}]' }],
  ])("fails whole after %s", async (_, expected, answer) => {
    instead = () => answer;
    expect(await lambdaInspector("postern-detect-phi", 400).inspect(["one", "two"])).toEqual(expected);
  });

  test("that Lambda throttles has failed as throttled", async () => {
    instead = () => ({
      status: 429,
      body: '{"Type":"User"}',
      headers: { "x-amzn-errortype": "TooManyRequestsException" },
    });
    expect(await lambdaInspector("postern-detect-phi", 5000).inspect(["one"])).toEqual([{ failed: "throttled" }]);
  });
});

test("the function takes no more than it says", async () => {
  const fails = (event: unknown) => expect(handler(event)).rejects.toMatchObject({ name: "InvalidEvent" });
  await fails({ texts: [""], millis: 1000 });
  await fails({ texts: ["x".repeat(65_537)], millis: 1000 });
  await fails({ texts: Array.from({ length: 257 }, () => "x"), millis: 1000 });
  await fails({ texts: ["x"] });
});
