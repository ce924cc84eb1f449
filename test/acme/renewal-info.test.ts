import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { startCli } from "../support/cli.ts";
import { problem } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { startRecorder } from "../support/recorder.ts";
import { rsaAccount, type Site, simpLeFiles, site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("pebble");
const HOUR = 60 * 60 * 1000;
const STATE = ".acme-sidecar.json";

const iso = (hours: number) =>
  new Date(Date.now() + hours * HOUR).toISOString().replace(/\.\d+Z$/, "Z");
const suggestion = (start: number, end: number, more: object = {}) =>
  JSON.stringify({
    suggestedWindow: { start: iso(start), end: iso(end) },
    ...more,
  });

/** Runs the program for the one name of a site. */
const issue = (env: Site, ...more: string[]) => env.run("-d", env.name, ...more);

const kindsSince = ({ recorder }: Site, start: number) =>
  recorder.requests.slice(start).map(({ kind }) => kind);

const stateOf = ({ certs }: Site) =>
  JSON.parse(certs.read(STATE)) as {
    origin: { from?: string; lookAgain?: string };
  };

const ordersOf = ({ recorder }: Site) =>
  recorder.requests
    .filter(({ kind }) => kind === "new-order")
    .map(({ body }) => body?.payload as { replaces?: string });

const forget = ({ certs }: Site) => {
  rmSync(join(certs.path, STATE));
};

/** Puts a certificate into a site's folder that simp_le got from somebody else. */
function takeOver({ certs, name }: Site): void {
  certs.write(simpLeFiles(makeBundle({ names: [name] }), ACCOUNT));
}

const LOOK = ["directory", "renewal-info"];
const ACCOUNT = rsaAccount();

/** Makes the next run look at the CA, whatever Retry-After said. */
function lookAgain(env: Site): void {
  const { certs } = env;
  const state = stateOf(env);
  delete state.origin.lookAgain;
  writeFileSync(join(certs.path, STATE), JSON.stringify(state));
}

describe("renewal information (RFC 9773)", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("is fetched after issuance and only then, as Retry-After says", async () => {
    await using env = await site(pebble);
    const { recorder } = env;
    assert.equal((await issue(env)).code, 0);
    assert.equal(recorder.count("renewal-info"), 1);
    const asked = recorder.count();
    assert.equal((await issue(env)).code, 1);
    assert.equal(recorder.count(), asked);

    lookAgain(env);
    const again = await issue(env);
    assert.equal(again.code, 1, again.stderr);
    assert.deepEqual(kindsSince(env, asked), ["renewal-info"]);
    assert.equal((await issue(env)).code, 1);
    assert.equal(recorder.count(), asked + 1);
  });

  test("a window in the past renews at once, replaces the old certificate and shows the reason", async () => {
    await using env = await site(pebble);
    const { certs, recorder } = env;
    assert.equal((await issue(env)).code, 0);
    const url = "https://ca.test/why";
    const past = suggestion(-48, -24, { explanationURL: url });
    await pebble.setRenewalInfo(certs.read("cert.pem"), past);
    lookAgain(env);
    const { code, stderr } = await issue(env);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the CA wants the current one renewed/);
    assert.match(stderr, /https:\/\/ca\.test\/why/);
    const info = recorder.requests.find(({ kind }) => kind === "renewal-info");
    assert.deepEqual(
      ordersOf(env).map(({ replaces }) => replaces),
      [undefined, info?.path.split("/").at(-1)],
    );
  });

  test("a pick before the next run is renewed inside the window, and a far one is waited for", async () => {
    await using env = await site(pebble);
    const { certs } = env;
    assert.equal((await issue(env)).code, 0);
    const cert = certs.read("cert.pem");
    await pebble.setRenewalInfo(cert, suggestion(30, 60));
    lookAgain(env);
    assert.equal((await issue(env)).code, 1);
    await pebble.setRenewalInfo(cert, suggestion(2, 26));
    lookAgain(env);
    const early = await issue(env);
    assert.equal(early.code, 1, "the next run will be inside the window");
    await pebble.setRenewalInfo(cert, suggestion(-1, 20));
    lookAgain(env);
    const inside = await issue(env);
    assert.equal(inside.code, 0, inside.stderr);
  });

  test("a window that would be over at the next run is not missed", async () => {
    await using env = await site(pebble);
    const { certs } = env;
    assert.equal((await issue(env)).code, 0);
    await pebble.setRenewalInfo(certs.read("cert.pem"), suggestion(1, 3));
    lookAgain(env);
    assert.equal((await issue(env, "--next_run", "3600")).code, 1);
    assert.equal((await issue(env)).code, 0);
  });

  for (const [what, answer] of [
    ["nonsense", "nonsense"],
    ["no window", "{}"],
    ["a window that ends before it starts", suggestion(-2, -4)],
    ["dates that are none", '{"suggestedWindow":{"start":"soon","end":1}}'],
  ] as const)
    test(`${what} is no answer, and no failure`, async () => {
      await using env = await site(pebble);
      const { certs } = env;
      assert.equal((await issue(env)).code, 0);
      await pebble.setRenewalInfo(certs.read("cert.pem"), answer);
      lookAgain(env);
      const { code, stderr } = await issue(env);
      assert.equal(code, 1, stderr);
    });

  for (const [what, fault] of [
    ["a 503", { answer: problem("serverInternal", 503) }],
    ["a cut connection", { reset: "before" }],
    ["half an answer", { truncate: 10 }],
  ] as const)
    test(`${what} is no failure, after issuance or later`, async () => {
      await using env = await site(pebble);
      const { recorder } = env;
      recorder.inject({ kind: "renewal-info", ...fault });
      const first = await issue(env);
      assert.equal(first.code, 0, first.stderr);
      lookAgain(env);
      const second = await issue(env);
      assert.equal(second.code, 1, second.stderr);
    });

  for (const [asked, hours] of [
    ["1", 1 / 60],
    ["7200", 2],
    ["99999999", 24],
  ] as const)
    test(`Retry-After ${asked} means ${hours.toFixed(2)} hours`, async () => {
      await using env = await site(pebble);
      const { recorder, certs } = env;
      recorder.inject({
        kind: "renewal-info",
        alter: ({ headers }) => ({
          headers: { ...headers, "retry-after": asked },
        }),
      });
      const before = Date.now();
      assert.equal((await issue(env)).code, 0);
      const { origin } = JSON.parse(certs.read(STATE)) as {
        origin: { lookAgain: string };
      };
      const wait = Date.parse(origin.lookAgain) - before;
      assert.ok(Math.abs(wait - hours * HOUR) < HOUR / 60, String(wait));
    });

  for (const refusal of [
    problem("alreadyReplaced", 409),
    problem("unauthorized", 403),
    problem("malformed", 400),
  ])
    test(`an order that may not replace (${refusal.body}) is placed without`, async () => {
      await using env = await site(pebble);
      const { recorder } = env;
      assert.equal((await issue(env)).code, 0);
      recorder.inject({
        kind: "new-order",
        when: ({ body }) => "replaces" in (body?.payload as object),
        answer: refusal,
        withNonce: true,
      });
      const { code, stderr } = await issue(env, "--force");
      assert.equal(code, 0, stderr);
      assert.equal(recorder.count("new-order"), 3);
    });

  test("a run that is interrupted while it asks has issued, and says so by 0", async () => {
    await using env = await site(pebble);
    const { certs, recorder } = env;
    recorder.inject({ kind: "renewal-info", hang: "before" });
    const words = ["--certs_dir", certs.path, ...env.options, "-d", env.name];
    await using child = await startCli(words);
    await eventually("the CA is asked for its wishes", () => recorder.count("renewal-info") === 1);
    child.kill("SIGTERM");
    const { code } = await child.exited;
    assert.equal(code, 0, child.stderr());
    assert.equal((await issue(env, "--valid_min", "60")).code, 1);
  });

  test("with --valid_min the CA is not asked", async () => {
    await using env = await site(pebble);
    const { recorder } = env;
    assert.equal((await issue(env)).code, 0);
    lookAgain(env);
    const asked = recorder.count();
    assert.equal((await issue(env, "--valid_min", "60")).code, 1);
    assert.equal(recorder.count(), asked);
  });

  test("a certificate whose CA was forgotten is asked about once, and then as before", async () => {
    await using env = await site(pebble);
    const { certs, recorder } = env;
    assert.equal((await issue(env)).code, 0);
    forget(env);
    const asked = recorder.count();
    const again = await issue(env);
    assert.equal(again.code, 1, again.stderr);
    assert.deepEqual(kindsSince(env, asked), LOOK);
    assert.equal(stateOf(env).origin.from, recorder.directoryUrl);
    assert.equal((await issue(env)).code, 1);
    assert.equal(recorder.count(), asked + 2);

    await pebble.setRenewalInfo(certs.read("cert.pem"), suggestion(-48, -24));
    lookAgain(env);
    const renewed = await issue(env);
    assert.equal(renewed.code, 0, renewed.stderr);
  });

  test("a CA that must revoke reaches a certificate whose state is gone", async () => {
    await using env = await site(pebble);
    const { certs, recorder } = env;
    assert.equal((await issue(env)).code, 0);
    await pebble.setRenewalInfo(certs.read("cert.pem"), suggestion(-48, -24));
    forget(env);
    const { code, stderr } = await issue(env);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the CA wants the current one renewed/);
    const info = recorder.requests.find(({ kind }) => kind === "renewal-info");
    const [, order] = ordersOf(env);
    assert.equal(order?.replaces, info?.path.split("/").at(-1));
  });

  test("the profile of a certificate that was forgotten is not known, and no reason for a new one", async () => {
    await using env = await site(pebble);
    assert.equal((await issue(env)).code, 0);
    forget(env);
    for (const run of ["asks", "has asked"]) {
      const { code, stderr } = await issue(env, "--profile", "shortlived");
      assert.equal(code, 1, `${run}: ${stderr}`);
    }
    assert.equal(stateOf(env).origin.from, env.recorder.directoryUrl);
  });

  for (const [what, answer] of [
    ["does not know it", undefined],
    ["has no window for it", { status: 200, body: "{}" }],
    ["sends nonsense", { status: 200, body: "nonsense" }],
    ["calls it malformed", problem("malformed", 400)],
  ] as const)
    test(`a certificate of somebody else is asked about once when the CA ${what}, and not replaced there`, async () => {
      await using env = await site(pebble);
      const { recorder } = env;
      takeOver(env);
      if (answer !== undefined) recorder.inject({ kind: "renewal-info", answer });
      const first = await issue(env);
      assert.equal(first.code, 1, first.stderr);
      assert.deepEqual(kindsSince(env, 0), LOOK);
      const later = await issue(env);
      assert.equal(later.code, 1, later.stderr);
      lookAgain(env);
      assert.equal((await issue(env)).code, 1);
      assert.equal(recorder.count(), 2);

      const forced = await issue(env, "--force");
      assert.equal(forced.code, 0, forced.stderr);
      assert.deepEqual(
        ordersOf(env).map(({ replaces }) => replaces),
        [undefined],
      );
    });

  test("another certificate, and another CA, are asked about anew", async () => {
    await using env = await site(pebble);
    const { recorder, certs, name } = env;
    takeOver(env);
    assert.equal((await issue(env)).code, 1);
    takeOver(env);
    assert.equal((await issue(env)).code, 1);
    assert.deepEqual(kindsSince(env, 0), [...LOOK, "renewal-info", "directory"]);

    await using other = await startRecorder(pebble);
    const ca = ["--server", other.directoryUrl, "--ca_bundle", other.caFile];
    for (const run of ["asks", "has asked"]) {
      const { code, stderr } = await certs.run(...ca, "-d", name);
      assert.equal(code, 1, `${run}: ${stderr}`);
    }
    assert.deepEqual(
      other.requests.map(({ kind }) => kind),
      LOOK,
    );
    assert.equal(recorder.count(), 4);
  });

  for (const [what, kind, fault] of [
    ["a 503", "renewal-info", { answer: problem("serverInternal", 503) }],
    ["a 429", "renewal-info", { answer: problem("rateLimited", 429) }],
    ["a 403", "renewal-info", { answer: { status: 403, body: "no" } }],
    ["a cut connection", "renewal-info", { reset: "before" }],
    ["a 503", "directory", { answer: problem("serverInternal", 503) }],
    ["a cut connection", "directory", { reset: "before" }],
  ] as const)
    test(`${what} for the ${kind} is no failure, and a certificate whose CA is not known is asked about again`, async () => {
      await using env = await site(pebble);
      const { recorder } = env;
      assert.equal((await issue(env)).code, 0);
      forget(env);
      const asked = recorder.count();
      const once = recorder.inject({ kind, ...fault, times: 1 });
      const first = await issue(env);
      assert.equal(first.code, 1, first.stderr);
      const failed = recorder.count();
      assert.equal(once.hits(), 1);
      assert.ok(failed > asked);
      assert.equal((await issue(env)).code, 1);
      assert.equal(recorder.count(), failed, "not before it is time");
      lookAgain(env);
      assert.equal((await issue(env)).code, 1);
      assert.deepEqual(kindsSince(env, failed), kind === "directory" ? LOOK : ["renewal-info"]);
      assert.equal(stateOf(env).origin.from, recorder.directoryUrl);
    });

  test("with --valid_min nobody is asked about a certificate whose CA is not known", async () => {
    await using env = await site(pebble);
    takeOver(env);
    const { code, stderr } = await issue(env, "--valid_min", "60");
    assert.equal(code, 1, stderr);
    assert.equal(env.recorder.count(), 0);
  });

  test("what is remembered may be deleted or broken at any time", async () => {
    await using env = await site(pebble);
    const { certs } = env;
    assert.equal((await issue(env)).code, 0);
    for (const text of [undefined, "", "nonsense", "{}", '{"version":1}']) {
      if (text === undefined) rmSync(join(certs.path, STATE));
      else writeFileSync(join(certs.path, STATE), text);
      assert.equal((await issue(env)).code, 1, String(text));
    }
    assert.equal((await issue(env, "--force")).code, 0);
  });
});
