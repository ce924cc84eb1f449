import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseTargets } from "../../src/cli/targets-file.ts";
import { asFlag } from "../../src/cli/dialect.ts";
import { parseDokku } from "../../src/cli/dokku.ts";
import { readLegoArgs } from "../../src/cli/lego-args.ts";
import { OPTION_NAMES } from "../../src/cli/options.ts";
import { parse } from "../../src/cli/parse.ts";
import { parseName } from "../../src/name.ts";
import { draftOf, givenOf } from "../support/words.ts";
import { damagedJsonText, damagedText, holds, INHERITED, noise, orRefused } from "./mutations.ts";

const USAGE = ["usage"];
const NAMES = [
  "a.test",
  "*.a.test",
  "bücher.example",
  "192.0.2.1",
  "2001:db8::1",
  "[::1]",
  "例え.テスト",
];

describe("what people write", () => {
  test("a command line is understood or refused in a sentence", async (t) => {
    const word = fc.oneof(
      fc.constantFrom(...OPTION_NAMES).map((name) => `--${name}`),
      fc
        .tuple(fc.constantFrom(...OPTION_NAMES, ...INHERITED), noise)
        .map(([name, value]) => `--${name}=${value}`),
      fc
        .tuple(fc.constantFrom(...OPTION_NAMES, ...INHERITED), fc.nat(8))
        .map(([name, end]) => `--${name.slice(0, end + 1)}`),
      fc.constantFrom(
        "-d",
        "-da.test",
        "-f",
        "key.pem",
        "-v",
        "-vd",
        "-",
        "--",
        "-x=1",
        "a.test:/www",
        ...INHERITED,
      ),
      fc.constantFrom("issue", "renew", "account", "show", "batch", "dokku", "tar"),
      noise,
    );
    await holds(t, fc.array(word, { maxLength: 8 }), (argv) =>
      orRefused(() => parse({ argv, env: {}, cwd: "/", version: "1" }), USAGE),
    );
  });

  test("each value of an option is understood or refused, and the refusal names the option", async (t) => {
    const value = damagedText(
      "ec256",
      "a@a.test",
      "0640",
      "1000:1000",
      "[::]:80",
      "letsencrypt",
      "https://ca.test/dir",
      "exec",
      "30",
      "1.1.1.1:53",
      ...INHERITED,
    );
    await holds(t, fc.tuple(fc.constantFrom(...OPTION_NAMES), value), ([name, text]) =>
      orRefused(
        () =>
          parse({
            argv: ["-d", "a.test", `--${name}=${text}`],
            env: {},
            cwd: "/",
            version: "1",
          }),
        USAGE,
      ),
    );
  });

  test("a name is read as one that is read as itself, or there is one sentence", async (t) => {
    await holds(t, damagedText(...NAMES), (text) => {
      const parsed = parseName(text);
      if ("name" in parsed) assert.deepEqual(parseName(parsed.name), parsed);
      else assert.match(parsed.problem, /^[^\n]+$/);
    });
  });

  test("a NAME:ROOT is understood or refused by name", async (t) => {
    const vhosts = damagedText(...NAMES.flatMap((name) => [`${name}:/var/www`, name]));
    await holds(t, vhosts, (text) =>
      orRefused(() => draftOf({ vhost: [text] }, "/"), USAGE, `-d `),
    );
  });

  const YAML = `defaults: &d\n  email: a@a.test\n  mode: 0640\ntargets:\n  - names: [a.test, b.test]\n    id: one\n    method: webroot\n    root: /www\n  - names: c.test\n    key: ec256\n    dns_exec: /x\n    method: dns\n  - <<: *d\n    names: d.test\n`;
  const ENTRIES = {
    defaults: { email: "a@a.test", listen: "80" },
    targets: [
      { names: ["a.test"], id: "a", method: "standalone" },
      { names: "b.test", method: "dns", dns_exec: "/x", reuse_key: true },
    ],
  };
  test("a file of targets is understood, or refused by its name", async (t) => {
    const text = fc.oneof(damagedText(YAML), damagedJsonText(ENTRIES));
    await holds(t, text, async (file) => {
      const setting = {
        ...{ file: "targets.yml", options: {}, cwd: "/", subject: asFlag },
      };
      const targets = await orRefused(() => parseTargets(file, setting), USAGE, "targets.yml");
      for (const { ask } of targets ?? [])
        assert.ok(["standalone", "webroot", "stateless", "dns"].includes(ask.method.kind));
    });
  });

  test("what the Dokku plugin hands over is understood, or refused app by app", async (t) => {
    const apps = {
      "--global": { email: "a@a.test", "lego-args": "--key-type EC256" },
      one: { "+domains": "a.test b.test", server: "staging", "+force": "true" },
      two: {
        "+domains": "c.test",
        "dns-provider": "exec",
        "dns-provider-EXEC_PATH": "/x",
        graceperiod: "3600",
        "key-type": "ec384",
      },
    };
    const text = fc.oneof(damagedJsonText(apps), damagedText(JSON.stringify(apps)));
    await holds(t, text, (input) =>
      orRefused(() => parseDokku(givenOf({}, "/"), {}).read(input), USAGE),
    );
  });

  test("arguments for lego are understood, listed as unknown, or refused", async (t) => {
    const line = fc.oneof(
      damagedText(
        "--key-type ec256 --dns.propagation-wait=1m30s --dns.resolvers 1.1.1.1 -a",
        "--must-staple --kid x --hmac=y",
      ),
      fc.constantFrom(...INHERITED).map((word) => `--${word}=1 ${word}`),
    );
    await holds(t, line, async (text) => {
      const read = await orRefused(() => readLegoArgs(text), USAGE, "--");
      for (const word of read?.unknown ?? []) assert.equal(typeof word, "string");
      for (const name of Object.keys(read?.options ?? {}))
        assert.ok((OPTION_NAMES as string[]).includes(name), name);
    });
  });
});
