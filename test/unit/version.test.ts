import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import lock from "../../package-lock.json" with { type: "json" };
import manifest from "../../package.json" with { type: "json" };

/** Where a version stands beside package.json, and what finds it: the first one counts. */
const PLACES: Record<string, RegExp> = {
  "CHANGELOG.md": /^## (.*)$/m,
  "plugin/plugin.toml": /^version = "(.*)"$/m,
  Dockerfile: /^ARG VERSION=(.*)$/m,
};

test("package.json has a version as releases are tagged", () => {
  assert.match(manifest.version, /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
});

test("package-lock.json has the version of package.json", () => {
  assert.equal(lock.version, manifest.version);
  assert.equal(lock.packages[""].version, manifest.version);
});

for (const [file, place] of Object.entries(PLACES))
  test(`${file} has the version of package.json`, () => {
    const [, version] = place.exec(readFileSync(file, "utf8")) ?? [];
    assert.equal(version, manifest.version);
  });
