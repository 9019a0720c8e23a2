// The browser comes back to the one address that was registered with an issuer that takes no other.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { REGISTERED, signInWithBrowser } from "#cli/oauth/code-flow.ts";
import { freePort } from "#test/support/net.ts";
import { ROOT } from "#test/support/project.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An issuer that gives a token for a code, and notes what it was asked. */
async function issuer() {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let text = "";
    for await (const chunk of request) text += chunk;
    if (text !== "") asked.push(new URLSearchParams(text));
    const metadata = { issuer: base, authorization_endpoint: `${base}/authorize`, token_endpoint: `${base}/token` };
    const token = { access_token: "the-token", expires_in: 3600 };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/token" ? token : metadata));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test("the command line's address is the one that the user pool knows", () => {
  const stack = readFileSync(join(ROOT, "infra/stacks/identity-stack.ts"), "utf8");
  expect(stack).toContain(`"http://${REGISTERED.host}:${REGISTERED.port}/callback"`);
});

test("it waits at the port that it is given, and names it to the issuer both times", async () => {
  const { url, asked } = await issuer();
  const port = await freePort();
  let shown = "";
  const signing = signInWithBrowser(
    { issuer: url, clientId: "client-1", scope: "email" },
    (address) => {
      shown = address;
      const state = new URL(address).searchParams.get("state");
      void fetch(`http://localhost:${port}/callback?code=abc&state=${state}`).then((answer) => answer.text());
    },
    { host: "localhost", port },
  );
  expect((await signing).token).toBe("the-token");
  const back = `http://localhost:${port}/callback`;
  expect([new URL(shown).searchParams.get("redirect_uri"), asked[0]?.get("redirect_uri")]).toEqual([back, back]);
});

test("it says so when something else listens there", async () => {
  const { url } = await issuer();
  const port = Number(new URL(url).port);
  const signIn = { issuer: url, clientId: "client-1", scope: "email" };
  await expect(signInWithBrowser(signIn, () => {}, { host: "127.0.0.1", port })).rejects.toThrow(
    `port ${port} is in use`,
  );
});
