import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATE_FILE } from "../../src/store/state.ts";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { type Environment, environment } from "../support/environment.ts";
import type { PebbleOptions } from "../support/pebble.ts";
import { problem, type Recorder } from "../support/recorder.ts";
import { makeBundle } from "../support/certificates.ts";
import { snapshot } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

/** A name that the CA has not validated yet: Pebble takes 1 in 100 for valid whose name was, whatever it is told. */
const OTHER = "b.test";

/** A set that already has a certificate. */
async function prepared(options: PebbleOptions = {}): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  const env = stack.use(await environment(options));
  const { code, stderr } = await env.program.issue(["a.test"]);
  assert.equal(code, 0, stderr);
  stack.move();
  return env;
}

/** The next run has to ask for the CA's directory. */
function forgetDirectory({ program: { dir } }: Environment): void {
  const file = join(dir, STATE_FILE);
  const { directory, ...state } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  assert.ok(directory);
  writeFileSync(file, JSON.stringify(state));
}

describe("a CA with faults", { skip, concurrency: 4 }, () => {
  for (const kind of [
    "new-order",
    "authorization",
    "challenge",
    "order",
    "finalize",
    "certificate",
  ] as const) {
    test(`a 503 once at ${kind} is survived, and no signed request is sent twice`, async () => {
      await using env = await prepared();
      env.recorder.inject({
        kind,
        times: 1,
        answer: problem("serverInternal", 503),
      });
      const { code, stderr } = await env.program.issue([OTHER]);
      assert.equal(code, 0, stderr);
      const nonces = env.recorder.requests
        .map(({ body }) => body?.protected["nonce"])
        .filter(Boolean);
      assert.equal(new Set(nonces).size, nonces.length);
    });

    for (const reset of ["before", "after"] as const)
      test(`a connection cut ${reset} the CA acted on ${kind} is survived`, async () => {
        await using env = await prepared();
        const fault = env.recorder.inject({ kind, times: 1, reset });
        const { code, stderr } = await env.program.issue([OTHER]);
        assert.equal(code, 0, stderr);
        assert.equal(fault.hits(), 1);
      });
  }

  test("a finalize whose answer was lost is not sent again", async () => {
    // The order is ready at once, and so the first one is never too early.
    await using env = await prepared({ authzReuse: 100 });
    const before = env.recorder.count("finalize");
    env.recorder.inject({ kind: "finalize", times: 1, reset: "after" });
    assert.equal((await env.program.issue(["a.test"], "--force")).code, 0);
    assert.equal(env.recorder.count("finalize"), before + 1);
  });

  test("a CA that is gone once it was told of an answer is asked three times, not three times three", async () => {
    await using env = await prepared();
    const { recorder } = env;
    let isGone = false;
    const gone = recorder.inject({
      when: ({ kind }) => (isGone ||= kind === "challenge"),
      reset: "before",
    });
    const { code, stderr } = await env.program.issue([OTHER]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /could not be reached: the connection was cut/);
    // The answer, three looks for it, and one at the directory.
    assert.equal(gone.hits(), 1 + 3 + 1);
  });

  test("a CA that is not done validating when an order is finalized is waited for", async () => {
    await using env = await prepared();
    const before = env.recorder.count("finalize");
    env.recorder.inject({
      kind: "finalize",
      times: 1,
      answer: problem("orderNotReady", 403),
    });
    const { code, stderr } = await env.program.issue(["a.test"], "--force");
    assert.equal(code, 0, stderr);
    assert.equal(env.recorder.count("finalize"), before + 2);
  });

  test("an order that is finalized after all, although a look at it found it pending, is waited for", async () => {
    await using env = await prepared();
    env.recorder.inject({ kind: "finalize", times: 1, reset: "after" });
    const as = (status: string) => ({
      alter: ({ body }: { body: string }) => ({
        body: body.replace(/"status": "[a-z]+"/, `"status": "${status}"`),
      }),
    });
    env.recorder.inject({ kind: "order", nth: 1, ...as("pending") });
    env.recorder.inject({ kind: "order", nth: 2, ...as("processing") });
    const { code, stderr } = await env.program.issue(["a.test"], "--force");
    assert.equal(code, 0, stderr);
  });

  for (const status of [429, 503])
    test(`a ${status} that asks for an hour ends the run with that time, without waiting`, async () => {
      await using env = await prepared();
      const files = snapshot(env.program.dir);
      const type = status === 429 ? "rateLimited" : "serverInternal";
      const fault = env.recorder.inject({
        kind: "new-order",
        answer: problem(type, status, { "retry-after": "3600" }),
      });
      const { code, stderr } = await env.program.issue(["a.test"], "--force");
      assert.equal(code, 2);
      assert.equal(fault.hits(), 1);
      const hour = new Date(Date.now() + 3_600_000).toISOString().slice(0, 13).replace("T", " ");
      const before = new Date(Date.now() + 3_540_000).toISOString().slice(0, 13).replace("T", " ");
      assert.ok(
        stderr.includes(`Not before ${hour}`) || stderr.includes(`Not before ${before}`),
        stderr,
      );
      assert.equal(snapshot(env.program.dir), files);
    });

  test("a short Retry-After is obeyed and then the request is signed anew", async () => {
    await using env = await prepared();
    env.recorder.inject({
      kind: "new-order",
      times: 1,
      answer: problem("rateLimited", 429, { "retry-after": "1" }),
    });
    const { code, stderr } = await env.program.issue(["a.test"], "--force");
    assert.equal(code, 0, stderr);
    const [refused, accepted] = env.recorder.requests
      .filter(({ kind }) => kind === "new-order")
      .slice(-2);
    assert.ok(refused && accepted && accepted.at - refused.at >= 900);
  });

  test("a CA that gives no verdict in time: what it said so far is in the message, with when to come back", async () => {
    await using env = await prepared();
    await env.pebble.dns.setA("lost.test", ["127.0.0.9"]);
    env.recorder.inject({
      kind: "order",
      alter: ({ body }) => ({
        body: body.replace(/"(invalid|ready)"/, '"pending"'),
        headers: { "retry-after": "600" },
      }),
    });
    const { code, stderr } = await env.program.issue(["a.test", "lost.test"]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /took too long to validate lost\.test: .*127\.0\.0\.9.* Not before .* could not connect: nothing listens on port 80 at 127\.0\.0\.9/,
    );
  });

  test("a CA that rejects every nonce is given up", async () => {
    await using env = await prepared();
    env.recorder.inject({
      kind: "new-order",
      withNonce: true,
      answer: problem("badNonce", 400),
    });
    const { code, stderr } = await env.program.issue(["a.test"], "--force");
    assert.equal(code, 2);
    assert.match(stderr, /badNonce/);
  });

  const stolen = makeBundle();
  const bad: [string, Parameters<Recorder["inject"]>[0], RegExp][] = [
    [
      "a certificate of another set",
      {
        kind: "certificate",
        alter: () => ({
          body: `${String(stolen.leaf)}${String(stolen.chain[0])}`,
        }),
      },
      /another key/,
    ],
    [
      "a certificate that is cut off",
      { kind: "certificate", truncate: 300 },
      /connection|aborted|reached/i,
    ],
    [
      "a certificate that is none",
      { kind: "certificate", alter: () => ({ body: "<html>" }) },
      /there is none/,
    ],
    [
      "only the leaf",
      {
        kind: "certificate",
        alter: ({ body }) => ({
          body: body.split(/(?<=END CERTIFICATE-----)\n/)[0] ?? "",
        }),
      },
      /missing/,
    ],
    [
      "a chain in the wrong order",
      {
        kind: "certificate",
        alter: ({ body }) => ({
          body: body
            .trim()
            .split(/(?<=-----END CERTIFICATE-----)\n+/)
            .reverse()
            .join("\n"),
        }),
      },
      /another key/,
    ],
    [
      "a directory that is a web page",
      { kind: "directory", alter: () => ({ body: "<html>" }) },
      /not the directory/,
    ],
    [
      "an order that is no JSON",
      { kind: "new-order", alter: () => ({ body: "{" }) },
      /against RFC 8555/,
    ],
    [
      "an order in an unknown state",
      {
        kind: "new-order",
        alter: ({ body }) => ({ body: body.replace("pending", "dancing") }),
      },
      /dancing/,
    ],
    [
      "an order whose addresses are not https",
      {
        kind: "new-order",
        alter: ({ body }) => ({ body: body.replaceAll("https:", "http:") }),
      },
      /where an https address belongs/,
    ],
    [
      "an order whose addresses are none",
      {
        kind: "new-order",
        alter: ({ body }) => ({ body: body.replaceAll("https:", "://") }),
      },
      /where an https address belongs/,
    ],
    [
      "a directory that redirects",
      {
        kind: "directory",
        answer: { status: 302, headers: { location: "/dir" } },
      },
      /redirection/,
    ],
  ];
  for (const [what, rule, message] of bad)
    test(`${what}: one error, and the old files stay`, async () => {
      await using env = await prepared();
      if (rule.kind === "directory") forgetDirectory(env);
      const files = snapshot(env.program.dir);
      const listing = readdirSync(env.program.dir);
      env.recorder.inject(rule);
      const { code, stderr } = await env.program.issue(["a.test"], "--force");
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.split("\n").filter((line) => line.includes(" error:")).length, 1, stderr);
      assert.equal(snapshot(env.program.dir), files);
      assert.deepEqual(readdirSync(env.program.dir), listing);
    });

  test("an untrusted CA: the error names --ca_bundle", async () => {
    await using env = await prepared();
    const { code, stderr } = await env.program.issue(
      ["a.test"],
      "--force",
      "--ca_bundle",
      "/etc/ssl/certs/ca-certificates.crt",
    );
    assert.equal(code, 2);
    assert.match(stderr, /not trusted.*--ca_bundle/);
  });

  test("a CA that is not there", async () => {
    await using env = await prepared();
    const { code, stderr } = await env.program.issue(
      ["a.test"],
      "--force",
      "--server",
      "https://localhost:1/dir",
    );
    assert.equal(code, 2);
    assert.match(stderr, /could not be reached: the connection was refused/);
  });

  test("a taken port is an error before the CA is asked for more than its directory and a nonce", async () => {
    await using env = await prepared();
    const { recorder } = env;
    const asked = () =>
      recorder.count() - recorder.count("directory") - recorder.count("new-nonce");
    const before = asked();
    const server = createServer().listen(env.pebble.httpPort, "127.0.0.1");
    await once(server, "listening");
    const { code, stderr } = await env.program.issue(["a.test"], "--force");
    server.close();
    await once(server, "close");
    assert.equal(code, 2);
    assert.match(stderr, /Something else listens on 127\.0\.0\.1:/);
    assert.equal(asked(), before);
  });
});
