import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  OPTION_NAMES,
  type OptionName,
  specOf,
  usualOf,
  variableOf,
} from "../../src/cli/options.ts";
import { parseDokku } from "../../src/cli/dokku.ts";
import { parse } from "../../src/cli/parse.ts";
import { parseTargets } from "../../src/cli/targets-file.ts";
import { VERB_NAMES } from "../../src/cli/verbs.ts";
import { record } from "../../src/core/record.ts";
import type { Draft } from "../../src/core/target.ts";
import { AppError } from "../../src/errors.ts";
import { valueFor } from "../support/option-values.ts";
import { givenOf, issue } from "../support/words.ts";

/** Options that cannot be alone, and what each needs. */
const WITH: Partial<Record<OptionName, OptionName>> = {
  dns: "dns_exec",
  dns_exec: "dns",
  eab_kid: "eab_hmac_key_file",
  eab_hmac_key: "eab_kid",
  eab_hmac_key_file: "eab_kid",
};

function written(option: OptionName): string[] {
  const { value } = specOf(option);
  if (option === "file") return ["-f", "full.pem", "-f", "account_key.json"];
  return value === undefined ? [`--${option}`] : [`--${option}`, valueFor(option)];
}

function isRefused(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "usage", String(error));
    return true;
  }
}

describe("the table of options", () => {
  test("names verbs that there are", () => {
    for (const option of OPTION_NAMES) {
      const { verbs } = specOf(option);
      for (const verb of verbs === "all" ? [] : verbs)
        assert.ok((VERB_NAMES as string[]).includes(verb), `${option} ${verb}`);
    }
  });

  test("has no key or property twice", () => {
    for (const kind of ["key", "property"] as const) {
      const all = OPTION_NAMES.flatMap((option) => specOf(option)[kind] ?? []);
      assert.ok(all.length > 5);
      assert.deepEqual(all, [...new Set(all)]);
    }
  });

  test("has defaults that are the same when they are typed", () => {
    const base = ["-d", "a.test", "--dns", "exec", "--dns_exec", "hook"];
    for (const option of OPTION_NAMES) {
      const { default: usual, verbs } = specOf(option);
      if (usual === undefined || verbs === "all" || !verbs.includes("issue")) continue;
      // This one makes the key RSA, in this way or in another.
      if (option === "account_key_size" || option === "account_key_public_exponent") continue;
      const typed = [usual].flat().flatMap((value) => [`--${option}`, String(value)]);
      assert.deepEqual(issue(...base, ...typed).target, issue(...base).target, option);
    }
  });

  test("has the default of an account key's size, and of its exponent", () => {
    const keyOf = (...words: string[]) => issue("-d", "a.test", ...words).target.ask.account.key;
    const size = specOf("account_key_size").default;
    assert.deepEqual(keyOf("--account_key_public_exponent", "3"), { rsa: size, exponent: 3 });
    assert.deepEqual(keyOf("--account_key_size", "2048"), { rsa: 2048 });
  });

  test("shows a default as it is", () => {
    assert.equal(usualOf("dns_timeout"), "120");
    assert.equal(usualOf("use_alt_chain"), "0, the usual one");
    assert.equal(usualOf("certs_dir"), "the working directory");
    assert.equal(usualOf("email"), undefined);
  });

  test("says which options a later run goes by", () => {
    const of = (words: string[]) => JSON.stringify(record(issue("-d", "a.test", ...words).target));
    const context = (option: OptionName) => {
      const { method } = specOf(option);
      const needed = WITH[option];
      if (needed !== undefined) return written(needed);
      return method === "dns" ? [...written("dns"), ...written("dns_exec")] : [];
    };
    for (const option of OPTION_NAMES) {
      const { verbs, recorded = false, strict } = specOf(option);
      // Those that are strict are other verbs, or no run that keeps anything.
      if (verbs === "all" || !verbs.includes("issue") || strict) continue;
      const before = of(WITH[option] === undefined ? context(option) : []);
      const after = of([...context(option), ...written(option)]);
      assert.equal(before !== after, recorded, option);
    }
  });
});

describe("every key of a file of targets", () => {
  const parsed = (entry: object): Draft[] =>
    parseTargets(JSON.stringify({ targets: [entry] }), {
      ...{ file: "targets.json", options: {}, cwd: "/certs" },
      subject: (option) => option,
    });

  /** What is said of an entry with one key more. */
  function said(key: string, value: unknown): string {
    try {
      parsed({ names: "a.test", [key]: value });
    } catch (error) {
      assert.ok(error instanceof AppError);
      return error.message;
    }
    return "";
  }

  // A target has an id of its own, which is no option.
  for (const option of OPTION_NAMES.filter((name) => name !== "id")) {
    const { key, value } = specOf(option);
    test(`${option}: ${key === undefined ? "no key" : `as ${key}`}`, () => {
      const given = value === undefined ? true : valueFor(option);
      if (key !== undefined) {
        assert.doesNotMatch(said(key, given), /there is no such key/);
        assert.match(said(key, { odd: 1 }), new RegExp(`targets\\[0\\]\\.${key}: .* is needed`));
      } else assert.match(said(option, given), /there is no such key/);
    });
  }
});

test("the plugin takes every property that is an option, and the program does what it says", () => {
  const [, list = ""] = /LE_KEYS=\(([^)]*)\)/.exec(readFileSync("plugin/functions", "utf8")) ?? [];
  const keys = list.split(/\s+/);
  assert.ok(keys.length > 5);
  const options = { account_dir: "/accounts" };
  const wished = (properties: object) => {
    const input = JSON.stringify({ blog: { "+domains": "a.test", ...properties } });
    // What the program is told in its environment is another matter.
    return JSON.stringify(
      parseDokku(givenOf(options, "/certs"), options).read(input),
      (name, value: unknown) => (name === "env" ? undefined : value),
    );
  };
  for (const option of OPTION_NAMES) {
    const { property } = specOf(option);
    // Dokku has the domains itself, and any key may come after dns-provider-.
    if (property === undefined || property === "domains") continue;
    if (!property.startsWith("dns-provider-")) assert.ok(keys.includes(property), property);
    const program = { "dns-provider": "exec", "dns-provider-EXEC_PATH": "hook" };
    const dns = property.startsWith("dns-provider-") ? program : {};
    const value = option === "stateless" ? "stateless" : valueFor(option);
    assert.notEqual(wished({ ...dns, [property]: value }), wished(dns), property);
  }
});

test("every option but those of simp_le alone has its variable", () => {
  for (const option of OPTION_NAMES) {
    const { gone, value, verbs, strict } = specOf(option);
    if (gone || verbs === "all" || !verbs.includes("issue") || strict) continue;
    const words = (argv: string[], env: Record<string, string>) => {
      const request = parse({
        argv: ["-d", "a.test", ...argv],
        ...{ env, cwd: "/certs", version: "1" },
      });
      assert.ok(request.verb === "issue");
      return JSON.stringify(request.wish.target, (_, each: unknown) =>
        each instanceof Map ? [...(each as Map<string, string>)] : each,
      );
    };
    const needed = WITH[option];
    const context = needed === undefined ? [] : written(needed);
    const values = written(option).filter((word) => !word.startsWith("-"));
    const variable = { [variableOf(option)]: value === undefined ? "1" : values.join(" ") };
    if (option === "vhost") continue;
    if (isRefused(() => words([...context, ...written(option)], {}))) {
      assert.ok(
        isRefused(() => words(context, variable)),
        option,
      );
      continue;
    }
    assert.equal(
      // How a file is called in messages is another matter.
      words(context, variable).replaceAll(/"called":"[^"]*"/g, ""),
      words([...context, ...written(option)], {}).replaceAll(/"called":"[^"]*"/g, ""),
      option,
    );
  }
});
