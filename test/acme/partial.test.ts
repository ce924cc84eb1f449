import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { runCli } from "../support/cli.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { loopbackAddress } from "../support/ports.ts";
import { preload } from "../support/preload.ts";
import { problem } from "../support/recorder.ts";
import { snapshot } from "../support/sidecar.ts";
import { type Site, site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";
import { many } from "../many/setting.ts";

const DAY = 24 * 60 * 60;
const PARTIAL = "--allow_partial";

const namesOf = (cert: string) =>
  (new X509Certificate(cert).subjectAltName ?? "").replaceAll("DNS:", "").split(", ").sort();

const namesIn = ({ certs }: Site) => namesOf(certs.read("cert.pem"));

const dashes = (names: readonly string[]) => names.flatMap((name) => ["-d", name]);

describe("--allow_partial", { skip: missing("pebble", "nginx", "gcc"), concurrency: 2 }, () => {
  let pebble: Pebble;
  let refusing: Nginx;
  /** Where a web server refuses the CA. */
  const refusal = loopbackAddress();
  const profiles = { default: { description: "ten days", validityPeriod: 10 * DAY } };
  before(async () => {
    pebble = await startPebble({
      authzReuse: 100,
      blocklist: ["blocked.test"],
      profiles,
    });
    refusing = await startNginx(`server { listen ${refusal}:${pebble.httpPort}; return 403; }`);
  });
  after(async () => {
    await refusing[Symbol.asyncDispose]();
    await pebble[Symbol.asyncDispose]();
  });

  const fail = (...names: string[]) =>
    Promise.all(names.map((name) => pebble.dns.setA(name, [refusal])));
  const mend = ({ host }: Site, ...names: string[]) =>
    Promise.all(names.map((name) => pebble.dns.setA(name, [host])));

  test("leaves out a name that its web server refuses, remembers it, and has it again after a renewal", async () => {
    await using env = await site(pebble);
    const [first, second, third] = [env.name, `www.${env.name}`, `bad.${env.name}`];
    const words = dashes([first, second, third]);
    await fail(third);
    const got = await env.run(...words, PARTIAL);
    assert.equal(got.code, 0, got.stderr);
    assert.deepEqual(namesIn(env), [first, second].sort());
    assert.ok(got.stderr.includes(`The CA did not validate ${third}: `), got.stderr);
    assert.ok(
      got.stderr.includes(
        `Going on without ${third} (--allow_partial); the next renewal tries again.`,
      ),
      got.stderr,
    );
    assert.ok(
      got.stderr.includes(
        `The certificate for ${first}, ${second}, without ${third}, is in ${env.certs.path}.`,
      ),
      got.stderr,
    );
    // One order that fails, and one more; the CA still knows that the two names are valid.
    assert.equal(env.recorder.count("new-order"), 2);
    assert.equal(env.recorder.count("challenge"), 3);

    const requests = env.recorder.count();
    const again = await env.run(...words, PARTIAL);
    assert.equal(again.code, 1, again.stderr);
    assert.match(
      again.stderr,
      /, without bad\.\S+, is good until .*renewal is not necessary before/,
    );
    assert.equal(env.recorder.count(), requests);

    const table = await runCli(["status", env.certs.path]);
    assert.match(table.stdout, new RegExp(`without ${third.replaceAll(".", "\\.")}: .*403`));
    const [row] = JSON.parse((await runCli(["status", env.certs.path, "--json"])).stdout) as {
      names: string[];
      lacks: { name: string; code: string; detail: string }[];
    }[];
    assert.deepEqual(row?.names, [first, second, third]);
    assert.deepEqual(
      row.lacks.map(({ name, code }) => [name, code]),
      [[third, "unauthorized"]],
    );

    await mend(env, third);
    const renewed = await env.run(...words, PARTIAL, "--force");
    assert.equal(renewed.code, 0, renewed.stderr);
    assert.deepEqual(namesIn(env), [first, second, third].sort());
    assert.doesNotMatch(renewed.stderr, /without/);
    assert.equal((await env.run(...words, PARTIAL)).code, 1);
  });

  test("tries again when other names are asked for, and when the option is gone", async () => {
    await using env = await site(pebble);
    const bad = `bad.${env.name}`;
    await fail(bad);
    assert.equal((await env.run(...dashes([env.name, bad]), PARTIAL)).code, 0);
    const more = await env.run(...dashes([env.name, bad, `www.${env.name}`]), PARTIAL);
    assert.equal(more.code, 0, more.stderr);
    assert.deepEqual(namesIn(env), [env.name, `www.${env.name}`].sort());
    const without = await env.run(...dashes([env.name, bad, `www.${env.name}`]));
    assert.equal(without.code, 2, without.stderr);
    assert.match(without.stderr, /the current one is for other names/);
  });

  test("fails if every name fails, and without the option if one does", async () => {
    await using env = await site(pebble);
    const names = [`a.${env.name}`, `b.${env.name}`];
    await fail(...names);
    const all = await env.run(...dashes(names), PARTIAL);
    assert.equal(all.code, 2, all.stderr);
    assert.match(all.stderr, /2 names: .*403/);
    assert.doesNotMatch(all.stderr, /Going on without/);
    assert.ok(!env.certs.files().includes("cert.pem"));
    assert.equal(env.recorder.count("new-order"), 1);
    const one = await env.run(...dashes([env.name, ...names]));
    assert.equal(one.code, 2);
    assert.equal(env.recorder.count("new-order"), 2);
  });

  test("leaves out a name that the CA does not take, and then one that fails", async () => {
    await using env = await site(pebble);
    const bad = `bad.${env.name}`;
    await fail(bad);
    const got = await env.run(...dashes([env.name, bad, "x.blocked.test"]), PARTIAL);
    assert.equal(got.code, 0, got.stderr);
    assert.deepEqual(namesIn(env), [env.name]);
    assert.ok(got.stderr.includes(`, without x.blocked.test, ${bad}, is in `), got.stderr);
  });

  test("places three orders at most, and takes a name out of a refusal that has no subproblems", async () => {
    await using env = await site(pebble);
    const names = [env.name, ...["a", "b", "c"].map((each) => `${each}.${env.name}`)];
    await mend(env, ...names);
    let orders = 0;
    env.recorder.inject({
      kind: "new-order",
      alter: ({ headers }) => {
        const name = names[(orders += 1)] ?? env.name;
        const refused = problem("rejectedIdentifier", 400, headers);
        const detail = `Cannot issue for "${name}": it is forbidden`;
        return {
          ...refused,
          body: JSON.stringify({ ...(JSON.parse(refused.body) as object), detail }),
        };
      },
    });
    const got = await env.run(...dashes(names), PARTIAL);
    assert.equal(got.code, 2, got.stderr);
    assert.equal(orders, 3);
    assert.ok(got.stderr.includes(`Going on without a.${env.name} (`), got.stderr);
    assert.ok(got.stderr.includes(`Going on without b.${env.name} (`), got.stderr);
    assert.ok(!got.stderr.includes(`Going on without c.${env.name} (`), got.stderr);
  });

  test("keeps a name that the certificate has while that is good for long, and drops it late", async () => {
    // This CA validates every name for every order.
    await using strict = await startPebble({ profiles });
    await using env = await site(strict);
    await using _refusing = await startNginx(
      `server { listen ${refusal}:${strict.httpPort}; return 403; }`,
    );
    const second = `www.${env.name}`;
    const words = [...dashes([env.name, second]), PARTIAL];
    assert.equal((await env.run(...words)).code, 0);
    await strict.dns.setA(second, [refusal]);
    const files = snapshot(env.certs.path);
    const early = await env.run(...words, "--force");
    assert.equal(early.code, 2, early.stderr);
    assert.ok(
      early.stderr.includes(
        `The current certificate has ${second} and stays while it is good for long; --allow_partial leaves out such a name only later.`,
      ),
      early.stderr,
    );
    assert.equal(snapshot(env.certs.path), files);

    // Less than a sixth of ten days is left then.
    const clock = preload({ clock: { by: 9 * DAY } });
    const late = await runCli([...env.options, ...words], { cwd: env.certs.path, env: clock });
    assert.equal(late.code, 0, late.stderr);
    assert.deepEqual(namesIn(env), [env.name]);
  });

  test("is a key of batch, and recorded for renew", async () => {
    await using env = await many(pebble, 2);
    const [good = "", bad = ""] = env.names;
    await fail(bad);
    const target = { id: "both", names: [good, bad], allow_partial: true };
    const first = await env.batch([target]);
    assert.equal(first.code, 0, first.stderr);
    const names = () => namesOf(readFileSync(env.at("both", "cert.pem"), "utf8"));
    assert.deepEqual(names(), [good]);
    const kept = await env.batch([target]);
    assert.equal(kept.code, 1, kept.stderr);
    assert.equal((await runCli(["renew", env.certs.path])).code, 1);
    await mend(env, bad);
    const clock = preload({ clock: { by: 8 * DAY } });
    const renewed = await runCli(["renew", env.certs.path], { env: clock });
    assert.equal(renewed.code, 0, renewed.stderr);
    assert.deepEqual(names(), [good, bad].sort());
  });

  test("gets 90 of 100 names with one more order and few requests", async () => {
    await using env = await many(pebble, 100);
    const bad = env.names.slice(0, 10);
    await fail(...bad);
    const got = await env.run(...dashes(env.names), PARTIAL);
    assert.equal(got.code, 0, got.stderr);
    assert.deepEqual(namesIn(env), env.names.slice(10).sort());
    const { recorder } = env;
    assert.equal(env.recorder.count("new-order"), 2);
    assert.equal(recorder.count("challenge"), 100);
    assert.equal(recorder.count("finalize"), 1);
    // Each name's authorization once before and at least once after its validation.
    const looks = recorder.count("authorization");
    assert.ok(looks >= 200 && looks <= 300, String(looks));
  });
});
