import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { type Site, site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");
const DAY = 24 * 60 * 60;

const profiles = {
  classic: { description: "as ever", validityPeriod: 90 * DAY },
  tlsserver: { description: "for servers", validityPeriod: 45 * DAY },
  shortlived: { description: "six days", validityPeriod: 6.6 * DAY },
};

const leafOf = ({ certs }: Site) => new X509Certificate(certs.read("cert.pem"));
const daysOf = (leaf: X509Certificate) =>
  Math.round((leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / 1000 / DAY);
const orderOf = ({ recorder }: Site) =>
  recorder.requests.findLast(({ kind }) => kind === "new-order")?.body?.payload as {
    profile?: string;
    identifiers: object[];
  };

describe("profiles", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  let plain: Pebble;
  before(async () => {
    [pebble, plain] = await Promise.all([startPebble({ profiles }), startPebble()]);
  });
  after(async () => {
    await pebble[Symbol.asyncDispose]();
    await plain[Symbol.asyncDispose]();
  });

  test("--profile is asked for, kept when nothing is due, and another one gets another certificate", async () => {
    await using env = await site(pebble);
    const issue = (...more: string[]) => env.run("-d", env.name, ...more);
    assert.equal((await issue("--profile", "tlsserver")).code, 0);
    assert.equal(orderOf(env).profile, "tlsserver");
    assert.equal(daysOf(leafOf(env)), 45);
    assert.equal((await issue("--profile", "tlsserver")).code, 1);
    assert.equal((await issue()).code, 1, "no wish is no other wish");
    const other = await issue("--profile", "classic");
    assert.equal(other.code, 0, other.stderr);
    assert.match(other.stderr, /has another profile/);
    assert.equal(daysOf(leafOf(env)), 90);
  });

  test("--profile that the CA does not list is an error with those that it has, and no order", async () => {
    await using env = await site(pebble);
    const { code, stderr } = await env.run(...["-d", env.name, "--profile", "nonsense"]);
    assert.equal(code, 2);
    assert.match(stderr, /no profile "nonsense".*Choose one of classic, shortlived, tlsserver/);
    assert.equal(env.recorder.count("new-order"), 0);
    const typo = await env.run(...["-d", env.name, "--profile", "tls-servre"]);
    assert.equal(typo.code, 2);
    assert.match(typo.stderr, /no profile "tls-servre"\. Did you mean tlsserver\? Choose one of/);
  });

  test("--profile at a CA that has none is an error that says so", async () => {
    await using env = await site(plain);
    env.recorder.inject({
      kind: "directory",
      alter: ({ body }) => ({
        body: JSON.stringify({ ...(JSON.parse(body) as object), meta: {} }),
      }),
    });
    const { code, stderr } = await env.run(...["-d", env.name, "--profile", "nonsense"]);
    assert.equal(code, 2);
    assert.match(stderr, /no profile "nonsense"\. It has no profiles at all/);
  });

  test("--preferred_profile goes on without, with a warning", async () => {
    await using env = await site(pebble);
    const issue = (...more: string[]) => env.run("-d", env.name, ...more);
    const first = await issue("--preferred_profile", "nonsense");
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /warn: .*no profile "nonsense".*classic/);
    assert.equal(orderOf(env).profile, undefined);
    const listed = await issue("--preferred_profile", "shortlived", "--force");
    assert.equal(listed.code, 0, listed.stderr);
    assert.equal(orderOf(env).profile, "shortlived");
  });

  test("at a CA without profiles, one that is required is an error that says so", async () => {
    await using env = await site(plain);
    const { code, stderr } = await env.run(...["-d", env.name, "--profile", "tlsserver"]);
    // Pebble always has some; another CA may have none.
    assert.equal(code, 2);
    assert.match(stderr, /no profile "tlsserver"/);
  });

  test("an IP address, alone and beside a name, gets the profile for addresses, and is kept", async () => {
    await using env = await site(pebble);
    const { host } = env;
    for (const names of [[host], [env.name, host]]) {
      const words = names.flatMap((name) => ["-d", name]);
      const first = await env.run(...words);
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(
        orderOf(env).identifiers,
        names.map((value) => ({
          type: value === host ? "ip" : "dns",
          value,
        })),
      );
      assert.equal(orderOf(env).profile, "shortlived");
      assert.match(String(leafOf(env).subjectAltName), new RegExp(`IP Address:${host}`));
      const second = await env.run(...words);
      assert.equal(second.code, 1, second.stderr);
    }
  });

  test("an IPv6 address may be written in any form", async () => {
    await using env = await site(pebble);
    const listen = ["--listen", `[::1]:${pebble.httpPort}`];
    for (const [written, code] of [
      ["0:0:0:0:0:0:0:1", 0],
      ["::1", 1],
      ["[::0001]", 1],
    ] as const) {
      const run = await env.run(...listen, "-d", written);
      assert.equal(run.code, code, run.stderr);
    }
    assert.deepEqual(orderOf(env).identifiers, [{ type: "ip", value: "::1" }]);
  });
});
