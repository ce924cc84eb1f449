import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Which rooms import from which, as docs/architecture.md draws it. */
const ARROWS = new Set(
  [...readFileSync("docs/architecture.md", "utf8").matchAll(/^ {4}(\w+) --> ([\w &]+)$/gm)].flatMap(
    ([, from, to = ""]) => to.split(" & ").map((each) => `${String(from)} -> ${each}`),
  ),
);
const ROOMS = new Set([...ARROWS].flatMap((arrow) => arrow.split(" -> ")));

const files = globSync("src/**/*.ts");
const room = (file: string) => file.split("/")[1]?.replace(/\.ts$/, "") ?? "";
/** Directly in src/, and for every room. */
const isLeaf = (file: string) => !ROOMS.has(room(file)) && file.split("/").length === 2;

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

test("every file belongs to a room of the picture, or to all", () => {
  assert.ok(ROOMS.size >= 9 && ARROWS.size >= 20, String([...ARROWS]));
  assert.deepEqual(
    files.filter((file) => !ROOMS.has(room(file)) && !isLeaf(file)),
    [],
  );
});

test("rooms import along the arrows of the picture, and each arrow is used", () => {
  const used = files
    .filter((file) => !isLeaf(file))
    .flatMap((file) =>
      ours(file)
        .filter((target) => !isLeaf(target) && room(target) !== room(file))
        .map((target) => `${room(file)} -> ${room(target)}`),
    );
  assert.deepEqual([...new Set(used)].sort(), [...ARROWS].sort());
});

test("what is for every room imports nothing of ours but what may be shown, and the start what it loads", () => {
  const strays = files
    .filter(isLeaf)
    .flatMap((file) => ours(file).map((target) => `${file} -> ${target}`))
    .filter(
      (arrow) => !arrow.endsWith("-> src/shown.ts") && arrow !== "src/start.ts -> src/load.ts",
    );
  assert.deepEqual(strays, []);
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
  "dns-packet": /^src\/check\/dnssec\.ts$/,
  "p-limit": /^src\/(core\/many\/fulfil-all|verify\/verify|challenge\/dns\/\w+|check\/visits)\.ts$/,
  "zod/mini":
    /^src\/(cli\/targets-schema\.ts$|core\/(?:revive|target)\.ts$|challenge\/dns\/providers\.ts$)/,
  yaml: /^src\/cli\/yaml\.ts$/,
  pkijs: /^src\/store\//,
  leven: /^src\/suggest\.ts$/,
  express: /^src\/serve\.ts$/,
  "yargs/helpers": /^src\/cli\//,
  "tar-stream": /^src\/handoff\//,
  winston: /^src\/ui\//,
  "log-update": /^src\/ui\/screen\.ts$/,
  "slice-ansi": /^src\/ui\/screen\.ts$/,
  "string-width": /^src\/ui\/screen\.ts$/,
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
