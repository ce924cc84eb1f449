import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Rooms by level, as docs/architecture.md draws them: imports go downward only. */
const LEVELS = [
  ["shown"],
  ["name", "errors", "time", "json", "jwk", "once", "registration", "causes", "serve", "load"],
  ["directory"],
  ["acme", "challenge", "store"],
  ["core"],
  ["ui", "handoff"],
  ["commands"],
  ["cli"],
  ["main", "start"],
];

const files = globSync("src/**/*.ts");
const room = (file: string) => file.split("/")[1]?.replace(/\.ts$/, "") ?? "";
const level = (file: string) => LEVELS.findIndex((rooms) => rooms.includes(room(file)));

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?<!")(?:from|import)\s*\(?\s*"([^"\s,]+)"/g)].map(
    (match) => match[1] ?? "",
  );
}

function ours(file: string): string[] {
  return importsOf(file)
    .filter((target) => target.startsWith("."))
    .map((target) => normalize(join(dirname(file), target)))
    .filter((target) => target.startsWith("src/"));
}

test("every file belongs to a room that has a level", () => {
  assert.ok(files.length > 20);
  assert.deepEqual(
    files.filter((file) => level(file) < 0),
    [],
  );
});

test("rooms import downward only, and the leaves nothing of ours", () => {
  const upward = files.flatMap((file) =>
    ours(file)
      .filter((target) => room(target) !== room(file) || level(file) === 0)
      .filter((target) => level(target) >= level(file))
      .map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(upward, []);
});

test("what core does for one target knows nothing of many", () => {
  const upward = files
    .filter((file) => file.startsWith("src/core/") && !file.startsWith("src/core/many/"))
    .filter((file) => ours(file).some((target) => target.startsWith("src/core/many/")));
  assert.deepEqual(upward, []);
});

test("no file imports itself by way of others, for its types either", () => {
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path, file].join(" -> ")}`);
    if (finished.has(file)) return;
    for (const target of ours(file)) visit(target, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
});

const HOMES: Record<string, RegExp> = {
  "acme-client": /^src\/acme\//,
  "@peculiar/asn1-schema": /^src\/acme\//,
  "@peculiar/asn1-x509": /^src\/acme\//,
  "p-limit": /^src\/(core\/many\/fulfil-all|challenge\/dns\/\w+)\.ts$/,
  "zod/mini": /^src\/(cli\/targets-schema\.ts$|core\/revive\.ts$|challenge\/dns\/providers\.ts$)/,
  yaml: /^src\/cli\/yaml\.ts$/,
  pkijs: /^src\/store\//,
  express: /^src\/serve\.ts$/,
  "yargs/helpers": /^src\/cli\//,
  "tar-stream": /^src\/handoff\//,
  winston: /^src\/ui\//,
};

test("each runtime package is used in its own room only", () => {
  const strays = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => !target.startsWith(".") && !target.startsWith("node:"))
      .filter((target) => !HOMES[target]?.test(file))
      .map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(strays, []);
});

test("only main.ts reads the process, the wall clock and the console", () => {
  const allowed: Record<string, RegExp> = {
    "process.": /^src\/main\.ts$/,
    // Only there can a process group be signalled, and the user be known that files are compared with.
    '"node:process"': /^src\/(challenge\/dns\/program|directory\/\w+|store\/replaceable)\.ts$/,
    "console.": /^$/,
    "Date.now()": /^$/,
    "new Date()": /^src\/(main|ui\/log)\.ts$/,
  };
  const found = files.flatMap((file) => {
    const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    return Object.entries(allowed)
      .filter(([word, home]) => code.includes(word) && !home.test(file))
      .map(([word]) => `${file}: ${word}`);
  });
  assert.deepEqual(found, []);
});

/** What changes something that a path leads to, whoever has changed the path meanwhile. */
const BY_PATH =
  /\b(?:appendFile|chmod|chown|copyFile|cp|lchmod|lchown|link|mkdir|rename|rm|rmdir|symlink|truncate|unlink|utimes|writeFile)(?:Sync)?\b/;

test("files are changed through an open folder only, and never by a path", () => {
  const allowed = [
    /^src\/directory\//,
    // In a folder of its own, below that for temporary files.
    /^src\/commands\/dry-run\.ts$/,
  ];
  const found = files
    .filter((file) => !allowed.some((each) => each.test(file)))
    .filter((file) => {
      const text = readFileSync(file, "utf8");
      const imports = text.matchAll(/import ([^;]+?) from "node:fs(?:\/promises)?"/g);
      return [...imports].some(([, names = ""]) => BY_PATH.test(names));
    });
  assert.deepEqual(found, []);
});
