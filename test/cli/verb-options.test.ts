import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  isFor,
  OPTION_NAMES,
  type OptionName,
  specOf,
  variableOf,
  verbsOf,
} from "../../src/cli/options.ts";
import { parse, type Request } from "../../src/cli/parse.ts";
import { type Verb, VERB_NAMES } from "../../src/cli/verbs.ts";
import { AppError } from "../../src/errors.ts";
import { valueFor } from "../support/option-values.ts";

const ACCOUNTS = ["--account_dir", "accounts"];
const DNS = ["--dns", "exec", "--dns_exec", "hook"];

/** Command lines of each verb, so that an option has an effect on one of them at least. */
const LINES: Record<Verb, string[][]> = {
  issue: [["-d", "a.test"], ["-d", "a.test", ...DNS], []],
  check: [
    ["-d", "a.test"],
    ["-d", "a.test", ...DNS],
  ],
  revoke: [[]],
  nginx: [[], ["--stateless"]],
  "account show": [[]],
  "account rollover": [[]],
  "account deactivate": [[], ["--yes"]],
  "account import": [["from"]],
  batch: [["-"], ["-", ...DNS]],
  renew: [[]],
  status: [[]],
  verify: [[]],
  dokku: [[], ACCOUNTS, [...ACCOUNTS, ...DNS]],
  "dokku check": [[], ACCOUNTS, [...ACCOUNTS, ...DNS]],
  plugin: [[]],
  "plugin install": [[]],
  tar: [[]],
  completion: [["bash"]],
};

/** What a request means, with what it makes of its input. */
async function meaning(request: Request): Promise<object> {
  if (request.verb === "batch") {
    const targets = await request.wish.source.read("targets: [{names: a.test}]");
    return { ...request, targets };
  }
  if (request.verb !== "dokku" && request.verb !== "dokku check") return request;
  return { ...request, apps: request.wish.read('{"blog": {"+domains": "a.test"}}') };
}

/** What comes of a command line, or what is said of it. */
async function read(
  verb: Verb,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<object> {
  try {
    const words = [...verb.split(" "), ...argv];
    return await meaning(parse({ argv: words, env, cwd: "/certs", version: "1" }));
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "usage");
    return { said: `${error.message} ${error.hint ?? ""}` };
  }
}

function written(option: OptionName): string[] {
  if (specOf(option).value === undefined) return [`--${option}`];
  return [`--${option}`, valueFor(option)];
}

describe("every option with every verb", () => {
  for (const verb of VERB_NAMES)
    test(`${verb}: what it heeds is read, and all else refused by name`, async () => {
      for (const option of OPTION_NAMES.filter((name) => !specOf(name).gone)) {
        const owners = verbsOf(option) ?? "all";
        const many = owners.includes(",") ? "s" : "";
        const refusal = `--${option} does not work with ${verb}. It belongs to the command${many} ${owners}.`;
        let changes = false;
        for (const line of LINES[verb]) {
          const before = await read(verb, line);
          const after = await read(verb, [...line, ...written(option)]);
          const said = "said" in after ? String(after.said) : "";
          assert.equal(
            said.includes(refusal),
            !isFor(option, verb),
            `${verb} ${line.join(" ")} --${option}: ${said}`,
          );
          changes ||= JSON.stringify(shown(before)) !== JSON.stringify(shown(after));
        }
        assert.ok(changes, `${verb} does nothing with --${option}`);
      }
    });

  test("what the environment has for other verbs changes nothing", async () => {
    for (const verb of VERB_NAMES)
      for (const option of OPTION_NAMES) {
        const { gone, strict, value } = specOf(option);
        if (gone || strict || isFor(option, verb)) continue;
        const text = value === undefined ? "1" : valueFor(option);
        for (const line of LINES[verb])
          assert.deepEqual(
            shown(await read(verb, line, { [variableOf(option)]: text })),
            shown(await read(verb, line)),
            `${verb} ${option}`,
          );
      }
  });

  test("a run that is only to be tried gets no certificates because its verb cannot try", async () => {
    for (const verb of ["batch", "renew", "dokku"] as const)
      for (const option of ["dry_run", "revoke"] as const) {
        const name = variableOf(option);
        const after = await read(verb, LINES[verb][0] ?? [], { [name]: "1" });
        assert.ok("said" in after, `${verb} ${option}`);
        assert.match(String(after.said), new RegExp(`${name} does not work with`));
      }
  });
});

/** Without what is not data. */
function shown(value: object): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) =>
      member instanceof Map ? [...(member as Map<unknown, unknown>)] : member,
    ),
  );
}

describe("simp_le's command line, without a verb", () => {
  const bare = (...argv: string[]) => {
    const request = parse({ argv, env: {}, cwd: "/certs", version: "1" });
    assert.ok(request.verb === "issue" || request.verb === "revoke");
    return request;
  };
  test("takes what it does not heed, with a warning", () => {
    const request = bare("-d", "a.test", "--concurrency", "3", "--yes");
    assert.match(
      request.warnings.join("\n"),
      /^--yes has no effect here.*account deactivate.*\n--concurrency has no effect here.*batch, renew/,
    );
    assert.deepEqual(bare("-d", "a.test").warnings, []);
  });
  test("takes --revoke beside all that a run before it took", () => {
    const request = bare("--revoke", "-d", "a.test", "--email", "a@b.test");
    assert.equal(request.verb, "revoke");
    assert.deepEqual(request.warnings, ["--vhost has no effect with --revoke."]);
  });
});

test("a folder is named once", async () => {
  for (const verb of ["renew", "status", "tar"] as const) {
    const twice = await read(verb, ["a", "--certs_dir", "b"]);
    assert.match(JSON.stringify(twice), /--certs_dir b: the folder was given/);
    const env = { ACME_SIDECAR_CERTS_DIR: "b" };
    assert.ok(!("said" in (await read(verb, ["a"], env))));
  }
});
