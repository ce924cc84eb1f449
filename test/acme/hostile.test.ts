import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { failureAfter } from "../../src/core/backoff.ts";
import { AppError } from "../../src/errors.ts";
import { DAY } from "../../src/time.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import type { Answer } from "../support/exchange.ts";
import type { Rule } from "../support/faults.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { site } from "../support/simp_le.ts";
import { signed } from "../faults/bad-chains.ts";
import { unverifiable } from "../support/certificates.ts";
import type { Recorder } from "../support/recorder.ts";
import { missing } from "../support/tools.ts";

const CLOCK = join(import.meta.dirname, "../fixtures/fast-clock.ts");
/** The program's minutes are seconds. */
const FAST = { NODE_OPTIONS: `--import=${CLOCK}`, FAST: "60" };

interface Ended extends CliResult {
  error: { code: string; message: string; hint: string };
}

describe("a CA that must not be believed", { skip: missing("pebble"), concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** How a run fails with this. */
  async function failure(rule: Rule): Promise<Ended> {
    await using env = await site(pebble);
    env.recorder.inject(rule);
    const result = await runCli([...env.options, "-d", env.name, "--log_format", "json"], {
      cwd: env.certs.path,
      env: FAST,
    });
    assert.equal(result.code, 2, result.stderr);
    const last = result.stderr.trim().split("\n").at(-1) ?? "";
    const { error } = JSON.parse(last) as Ended;
    assert.notEqual(error.code, "internal", error.message);
    assert.match(error.hint, /^[A-Z].*\.$/);
    return { ...result, error };
  }

  test("that falls silent is said to have given no answer in 30 seconds", async () => {
    const { error } = await failure({ kind: "directory", hang: "before" });
    assert.match(error.message, /no answer within 30 seconds/);
  });

  test("that sends its answer byte by byte is given as long", async () => {
    const { error } = await failure({
      kind: "directory",
      write: (response) => response.writeHead(200).write("{"),
    });
    assert.match(error.message, /no answer within 30 seconds/);
  });

  test("that refuses without a reason: the error says what to do all the same", async () => {
    const answer = { status: 403, body: "" };
    const { error } = await failure({ kind: "new-order", answer });
    assert.match(error.hint, /--server/);
  });

  test("that waits for no name at all is told so at once", async () => {
    const { error } = await failure({
      kind: "new-order",
      alter: merged({ authorizations: [] }),
    });
    assert.match(error.message, /an order that waits for no authorization/);
  });

  test("that stays undecided about an order is told from one that is about a name", async () => {
    const { error } = await failure({
      kind: "order",
      alter: merged({ status: "pending" }),
    });
    assert.match(error.message, /The CA took too long to [a-z ]+\.$/);
  });

  test("that never comes to ask: the error says what to look at", async () => {
    const { error } = await failure({
      kind: "challenge",
      answer: { status: 200, body: "{}" },
      withNonce: true,
    });
    assert.match(error.message, /took too long to validate .*pending, and the CA never asked/);
    assert.match(error.hint, /^The CA never reached this program\. .*port 80 is open/);
  });

  test("that asks about another name: the error says what to do", async () => {
    const { error } = await failure({
      kind: "authorization",
      alter: merged({ identifier: { type: "dns", value: "other.test" } }),
    });
    assert.match(error.message, /other\.test, which was not ordered/);
  });

  test("that sends a token that is a path: the error says what to do", async () => {
    const { error } = await failure({
      kind: "authorization",
      alter: ({ body }) => ({
        body: body.replaceAll(/"token": *"/g, '"token":"../'),
      }),
    });
    assert.match(error.message, /not base64url/);
  });

  test("that writes lines and colours into its reason cannot forge a line of the log", async () => {
    const detail = "no\r\n2026-01-01T00:00:00.000Z info: fine\u001b[32m\u009b";
    const body = JSON.stringify({ type: "about:blank", detail });
    const rule: Rule = { kind: "new-order", answer: { status: 403, body } };
    const { error } = await failure(rule);
    assert.match(error.message, /no 2026-01-01T00:00:00.000Z info: fine \[32m/);
  });

  test("that writes a megabyte as its reason is quoted in part", async () => {
    const detail = "x".repeat(900_000);
    const body = JSON.stringify({ type: "about:blank", detail });
    const rule: Rule = { kind: "new-order", answer: { status: 403, body } };
    const { stderr } = await failure(rule);
    assert.ok(stderr.length < 50_000, `${stderr.length}`);
  });

  for (const [what, deep, end] of [
    ["reason", '{"subproblems":[', "]}"],
    ["status", '{"status":[', "]}"],
  ] as const)
    test(`whose ${what} is nested too deep to be walked through is answered with an error`, async () => {
      const levels = 20_000;
      const body = `${deep.repeat(levels)}0${end.repeat(levels)}`;
      const status = what === "reason" ? 403 : 201;
      await failure({ kind: "new-order", answer: { status, body } });
    });

  test("whose terms of service are no address is not believed to have any", async () => {
    await using env = await site(pebble);
    env.recorder.inject({
      kind: "directory",
      alter: merged({ meta: { termsOfService: { toString: 1 } } }),
    });
    const { code, stderr } = await env.run("-d", env.name);
    assert.equal(code, 0, stderr);
  });

  test("that wants a thousand authorizations for one name is not given them", async () => {
    const { error } = await failure({
      kind: "new-order",
      alter: ({ body }) => {
        const { authorizations } = JSON.parse(body) as {
          authorizations: string[];
        };
        const [first = ""] = authorizations;
        return merged({ authorizations: Array(1000).fill(first) })({ body });
      },
    });
    assert.match(error.message, /1000 authorizations for 1 name/);
  });

  test("that sends a certificate of next month: the old one stays", async () => {
    await using env = await site(pebble);
    const first = await env.run("-d", env.name);
    assert.equal(first.code, 0, first.stderr);
    const files = env.certs.state();
    env.recorder.inject({
      kind: "certificate",
      alter: async () => ({ body: await signed(env.recorder, { from: 30 }) }),
    });
    const { code, stderr } = await env.run("-d", env.name, "--force");
    assert.equal(code, 2, stderr);
    assert.match(stderr, /valid from 20.*Set the clock/);
    assert.deepEqual(env.certs.state(), files);
  });

  /** What a CA sends that no client would take, and how it is told. */
  const UNFIT: [what: string, wish: Parameters<typeof signed>[1], RegExp][] = [
    ["is for clients", { extensions: ["extendedKeyUsage=clientAuth"] }, /lacks serverAuth/],
    ["is a CA's", { extensions: ["basicConstraints=critical,CA:TRUE"] }, /CA:TRUE/],
    [
      "has a critical extension that nobody knows",
      { extensions: ["1.2.3.4=critical,DER:0500"] },
      /critical extension that clients do not know \(1\.2\.3\.4\)/,
    ],
    ["is for another name", { names: ["other.test"] }, /it is for other\.test instead of/],
    ["is signed with SHA-1", { digest: "sha1" }, /signed with SHA-1/],
    [
      "may not sign a handshake",
      { extensions: ["keyUsage=critical,keyAgreement"] },
      /lacks digitalSignature/,
    ],
    [
      "has an issuer for clients only",
      { issuer: ["extendedKeyUsage=clientAuth"] },
      /certificate 2 of its chain is not for TLS servers/,
    ],
  ];
  for (const [what, wish, message] of UNFIT)
    test(`that sends a certificate that ${what}: the old one stays`, () =>
      keepsFrom((recorder) => signed(recorder, wish), message));

  test("that sends a certificate with a mail address beside the names: the old one stays", () =>
    keepsFrom(
      (recorder, name) =>
        signed(recorder, {
          extensions: [`subjectAltName=DNS:${name},email:me@evil.test`],
        }),
      /more than the names that were ordered/,
    ));

  test("that sends a chain of a thousand certificates: the old one stays", () =>
    keepsFrom((recorder) => repeated(recorder, {}, 999), /1000 certificates.*no more than 10/));

  test("that sends a chain of 100 KB: the old one stays", () =>
    keepsFrom(
      (recorder) =>
        repeated(recorder, { issuer: [`1.2.3.4=DER:04822ee0${"00".repeat(12_000)}`] }, 8),
      /bytes with its chain.*no more than 90000/,
    ));

  /** Its root as often as that, which belongs to the one before each time. */
  async function repeated(
    recorder: Recorder,
    wish: Parameters<typeof signed>[1],
    times: number,
  ): Promise<string> {
    const pem = await signed(recorder, wish);
    const [leaf = "", root = ""] = pem.split(/(?<=END CERTIFICATE-----\n)/);
    return leaf + root.repeat(times);
  }

  /** A set that is there keeps what it is, and the message tells why. */
  async function keepsFrom(
    attack: (recorder: Recorder, name: string) => Promise<string>,
    message: RegExp,
  ): Promise<void> {
    await using env = await site(pebble);
    const first = await env.run("-d", env.name);
    assert.equal(first.code, 0, first.stderr);
    const files = env.certs.state();
    env.recorder.inject({
      kind: "certificate",
      alter: async () => ({ body: await attack(env.recorder, env.name) }),
    });
    const { code, stderr } = await env.run("-d", env.name, "--force");
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.deepEqual(env.certs.state(), files);
  }

  test("that signs with an algorithm of tomorrow is believed, and asked for nothing more after that", async () => {
    await using env = await site(pebble);
    env.recorder.inject({
      kind: "certificate",
      alter: async () => ({
        body: unverifiable(await signed(env.recorder, {})),
      }),
    });
    const { code, stderr } = await env.run("-d", env.name);
    assert.equal(code, 0, stderr);
    const again = await env.run("-d", env.name);
    assert.equal(again.code, 1, again.stderr);
  });

  for (const kind of ["new-account", "new-order"] as const)
    for (const location of ["", "/relative", "x y", "#", "file:///x", "\u00ff"])
      test(`whose Location of ${kind} is ${JSON.stringify(location)} is at fault`, async () => {
        const { error } = await failure({
          kind,
          alter: () => ({ headers: { location } }),
        });
        assert.equal(error.code, "ca-misbehaved");
        assert.match(error.message, /where an https address belongs/);
      });

  const MEMBERS = [
    ["directory", "newNonce"],
    ["directory", "newAccount"],
    ["directory", "newOrder"],
    ["new-order", "finalize"],
    ["order", "certificate"],
  ] as const;
  for (const [kind, member] of MEMBERS)
    test(`whose ${member} is no address is at fault`, async () => {
      const { error } = await failure({
        kind,
        alter: ({ body }) =>
          body.includes(`"${member}"`) ? merged({ [member]: "javascript:0" })({ body }) : { body },
      });
      assert.equal(error.code, "ca-misbehaved");
      assert.match(error.message, /"javascript:0" where an https address/);
    });

  test("that has no texts in the contact of an account is not asked to have any", async () => {
    await using env = await site(pebble);
    env.recorder.inject({
      kind: "new-account",
      alter: merged({ contact: [{ toString: 1 }] }),
    });
    const { code, stderr } = await env.run("-d", env.name);
    assert.equal(code, 0, stderr);
    const again = await env.run(...["-d", env.name, "--force", "--email", "me@a.test"]);
    assert.equal(again.code, 0, again.stderr);
  });

  test("that hides characters in its reason and passwords in its addresses has them shown and kept without", async () => {
    await using env = await site(pebble);
    const detail =
      "no \u202eevil\u200b \u{e0041}x\u00ad\u0085y\u2029z https://me:hunter2@ca.test/why";
    const body = JSON.stringify({ type: "about:blank", detail });
    env.recorder.inject({ kind: "new-order", answer: { status: 403, body } });
    const { stderr } = await env.run("-d", env.name, "-v");
    assert.match(
      stderr,
      /no <U\+202E>evil<U\+200B> <U\+E0041>x<U\+00AD> y z https:\/\/ca\.test\/why/,
    );
    assert.doesNotMatch(stderr, /hunter2/);
    const kept = env.certs.read(".acme-sidecar.json");
    assert.match(kept, /https:\/\/ca\.test\/why/);
    assert.doesNotMatch(kept, /[\p{Cf}]|hunter2/u);
  });

  test("that is a few hours ahead of this clock is believed", async () => {
    await using env = await site(pebble);
    env.recorder.inject({
      kind: "certificate",
      alter: async () => ({
        body: await signed(env.recorder, { from: 0.5 }),
      }),
    });
    const { code, stderr } = await env.run("-d", env.name);
    assert.equal(code, 0, stderr);
  });
});

/** Gives an answer these members. */
const merged =
  (more: object) =>
  ({ body }: Pick<Answer, "body">) => ({
    body: JSON.stringify({ ...(JSON.parse(body) as object), ...more }),
  });

test("a CA that wants to be left alone for years is asked again after a week", () => {
  const at = new Date("2026-01-01T00:00:00Z");
  const failed = (pause: number) =>
    failureAfter(
      undefined,
      new AppError("ca-busy", "The CA is busy.", {
        retryAfter: new Date(at.getTime() + pause),
      }),
      { at, target: {} },
    ).next.getTime() - at.getTime();
  assert.equal(failed(2 * DAY), 2 * DAY);
  assert.equal(failed(5000 * DAY), 7 * DAY);
});
