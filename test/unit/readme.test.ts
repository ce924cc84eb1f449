import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { OPTIONS, type OptionSpec } from "../../src/cli/options.ts";
import { AUTHORITIES } from "../../src/cli/server.ts";
import { FORMAT_NAMES } from "../../src/store/formats.ts";

const readme = readFileSync("README.md", "utf8");

test("README lists every option as --help does", () => {
  const rows = Object.entries(OPTIONS).map(
    ([name, { alias, value, describe }]: [string, OptionSpec]) => {
      const short = alias === undefined ? "" : `-${alias}, `;
      const long = value === undefined ? name : `${name} ${value}`;
      return `| \`${short}--${long}\` | ${describe} |`;
    },
  );
  const table = /\| Option \| Meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(
    readme,
  )?.[1];
  assert.equal(table?.replaceAll("\\|", "|"), `${rows.join("\n")}\n`);
});

test("README names every file for -f and every CA for --server", () => {
  for (const file of FORMAT_NAMES)
    assert.ok(readme.includes(`\`${file}\``), file);
  const list = Object.keys(AUTHORITIES).join(", ");
  assert.ok(readme.replaceAll("\n", " ").includes(`--server\`: ${list}.`));
});

test("links between documents lead somewhere, and every decision is linked", () => {
  const files = ["README.md", "CHANGELOG.md", ...globSync("docs/**/*.md")];
  const targets = files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) =>
      join(dirname(file), match[1] ?? ""),
    );
  });
  assert.deepEqual(
    targets.filter((target) => !existsSync(target)),
    [],
  );
  assert.deepEqual(
    globSync("docs/decisions/*.md").filter((file) => !targets.includes(file)),
    [],
  );
});
