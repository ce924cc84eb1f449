import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { bindingMissing } from "../../src/acme/binding.ts";
import { optionsPage, PAGE, withOptions } from "../../scripts/options-page.ts";
import { FILE, targetsSchema } from "../../scripts/targets-schema.ts";
import { COMMON, flagOf } from "../../src/cli/help.ts";
import { OPTION_NAMES } from "../../src/cli/options.ts";
import { DIRECTORIES } from "../../src/acme/authorities.ts";
import { FORMAT_NAMES, FORMATS } from "../../src/store/formats.ts";
import { PKCS12_FILE } from "../../src/store/pkcs12.ts";

const readme = readFileSync("README.md", "utf8");

test("docs/options.md is what scripts/options-page.ts writes", () => {
  assert.equal(readFileSync(PAGE, "utf8"), optionsPage());
});

test("docs/targets.schema.json is what scripts/targets-schema.ts writes, and docs/batch.md says how to use it", () => {
  assert.equal(readFileSync(FILE, "utf8"), targetsSchema());
  const page = readFileSync("docs/batch.md", "utf8");
  assert.match(page, /^# yaml-language-server: \$schema=targets\.schema\.json$/m);
  assert.ok(linksOf("docs/batch.md").some(({ target }) => target === FILE));
});

test("README has the table of options that scripts/options-page.ts writes, and links the page of all", () => {
  assert.match(readme, /^\| Option \| Meaning \|$/m);
  assert.equal(readme, withOptions(readme));
  for (const name of COMMON) assert.ok(readme.includes(`| \`${flagOf(name)}\` |`), name);
  assert.ok(linksOf("README.md").some(({ target }) => target === PAGE));
});

test("README names no option that does not exist, and no document has a command with one", () => {
  const ownWords = [...readme.matchAll(/`(--[^`]*)`/g)].map(([, words = ""]) => words);
  // The transcripts show what comes of mistakes.
  const others = documents().filter((file) => file !== "docs/transcripts.md");
  const commands = others.flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(/^.*?(?<=[ `])(?<!-t )acme-sidecar ([^|&;>`\n]*)/gm),
    ].map(([, words = ""]) => words),
  );
  assert.ok(ownWords.length > 5 && commands.length > 20);
  const named = [...ownWords, ...commands].flatMap((words) =>
    [...words.matchAll(/(?<!\S)--([a-z0-9_-]+)/g)].map(([, name = ""]) =>
      name.replaceAll("-", "_"),
    ),
  );
  const known: readonly string[] = OPTION_NAMES;
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  );
});

test("README shows every file of a set, with the mode that a new one gets", () => {
  const table = /\| File \| Holds \| Mode \|\n.*\n((?:\|.*\n)+)/.exec(readme)?.[1];
  const shown = (table ?? "").split("\n").flatMap((row) => {
    const mode = /\| (\d+) \|$/.exec(row)?.[1];
    const names = row.matchAll(/`([a-z_]+\.[a-z0-9]+)`/g);
    return [...names].map(([, name]) => [name, mode]);
  });
  const modes = FORMAT_NAMES.map((name) => [name, FORMATS[name].secret ? "0600" : "0644"]);
  modes.push([PKCS12_FILE, "0600"]);
  assert.deepEqual(shown.sort(), modes.sort());
});

test("every link in a document leads to a file, and to a heading where it names one", () => {
  const broken = documents().flatMap((file) =>
    linksOf(file).filter(
      ({ target, heading }) =>
        !existsSync(target) || (heading !== undefined && !headingsOf(target).includes(heading)),
    ),
  );
  assert.deepEqual(broken, []);
});

test("docs/cas.md lists every CA that has a name, its directory, and whether it wants a binding", () => {
  const rows = Object.entries(DIRECTORIES).map(([name, url]) => {
    const { message } = bindingMissing(url);
    const binding = message.startsWith("The CA at") ? "none" : "needed";
    return `| \`${name}\` | <${url}> | ${binding} |`;
  });
  const table = /\| `--server` \| Directory \| Account binding \|\n.*\n((?:\|.*\n)+)/.exec(
    readFileSync("docs/cas.md", "utf8"),
  )?.[1];
  assert.equal(table, `${rows.join("\n")}\n`);
});

test("docs/architecture.md links every decision", () => {
  const linked = linksOf("docs/architecture.md").map(({ target }) => target);
  const decisions = globSync("docs/decisions/*.md");
  assert.ok(decisions.length > 0);
  assert.deepEqual(
    decisions.filter((file) => !linked.includes(file)),
    [],
  );
});

test("the decision about dependencies has the packages and versions of package.json", () => {
  const text = readFileSync("docs/decisions/0011-dependencies.md", "utf8");
  const rows = [...text.matchAll(/^\| (\S+) \| (\^?\d\S*) \|/gm)];
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row[1], row[2]])), {
    ...manifest.dependencies,
    ...manifest.devDependencies,
  });
});

function documents(): string[] {
  return globSync(["*.md", "docs/**/*.md"]);
}

/** Where the links of a document to other documents lead. */
function linksOf(file: string) {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#([^)]*))?\)/g)].map(
    ([, path = "", heading]) => ({
      file,
      target: join(dirname(file), path),
      heading,
    }),
  );
}

/** The headings of a document as links name them. */
function headingsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
