import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };
import { tempDir } from "../support/temp.ts";

interface Step {
  name?: string;
  id?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}

interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  steps?: Step[];
}

interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const FILES = globSync(".github/workflows/*.yml");
const workflows = new Map(
  FILES.map((file) => [basename(file, ".yml"), parse(readFileSync(file, "utf8")) as Workflow]),
);
const jobs = [...workflows].flatMap(([workflow, { jobs: each }]) =>
  Object.entries(each).map(([name, job]) => ({
    name: `${workflow}/${name}`,
    job,
  })),
);

/** What GitHub Actions does with a step's script, but for the expressions in its environment. */
function runStep(name: string, TAG: string, dir: string) {
  const script = stepOf(({ name: own }) => own === name).run;
  assert.ok(script);
  return spawnSync("bash", ["-e", "-c", script], {
    ...{ cwd: dir, encoding: "utf8" },
    env: { PATH: process.env["PATH"], TAG },
  });
}

function stepOf(wanted: (step: Step) => boolean): Step {
  const step = Object.values(workflows.get("release")?.jobs ?? {})
    .flatMap(({ steps = [] }) => steps)
    .find(wanted);
  assert.ok(step);
  return step;
}

describe("the workflows", () => {
  test("name every action of others by its commit, and the version of that", () => {
    const lines = FILES.flatMap((file) =>
      readFileSync(file, "utf8")
        .matchAll(/^.*\buses: (.*)$/gm)
        .toArray(),
    ).map(([, action = ""]) => action);
    assert.ok(lines.length > 10);
    assert.deepEqual(
      lines.filter(
        (line) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line) && !line.startsWith("./"),
      ),
      [],
    );
  });

  test("put nothing into a script but by its environment", () => {
    const scripts = jobs.flatMap(({ job }) => (job.steps ?? []).flatMap(({ run }) => run ?? []));
    assert.ok(scripts.length > 3);
    assert.deepEqual(
      scripts.filter((script) => script.includes("${{")),
      [],
    );
  });

  test("give each job what it needs, and no more", () => {
    for (const { permissions } of workflows.values()) assert.deepEqual(permissions, {});
    const written = jobs.map(({ name, job: { permissions = {} } }) => [
      name,
      Object.keys(permissions).filter((key) => permissions[key] === "write"),
    ]);
    assert.deepEqual(Object.fromEntries(written), {
      "ci/test": [],
      "release/version": [],
      "release/test": [],
      "release/files": [],
      "release/image": ["packages", "id-token", "attestations"],
      "release/release": ["contents", "id-token", "attestations"],
    });
  });
});

describe("a release", () => {
  const root = resolve(".");

  test("ends where the tag is not the version of package.json", () => {
    const step = "The tag is package.json's version";
    const { version } = manifest;
    assert.equal(runStep(step, `v${version}`, root).status, 0);
    for (const tag of [version, `v${version}1`, "v99.0.0", `v${version}-rc.1`]) {
      const { status, stdout } = runStep(step, tag, root);
      assert.equal(status, 1, tag);
      assert.match(stdout, /^::error::The tag is .*: tag v/);
    }
  });

  test("has the part of CHANGELOG.md about its version for its notes, and must have one", async () => {
    await using dir = tempDir();
    const path = (name: string) => join(dir.path, name);
    mkdirSync(path("dist"));
    const text = "# Changes\n\n## 2.0.0\n\nNew\n\n## 1.2.3\n\nOld\n\nOlder\n";
    writeFileSync(path("CHANGELOG.md"), text);
    const notes = (tag: string) => {
      const { status } = runStep("Notes", tag, dir.path);
      return { status, text: readFileSync(path("dist/notes.md"), "utf8") };
    };
    assert.deepEqual(notes("v2.0.0"), { status: 0, text: "\nNew\n\n" });
    assert.deepEqual(notes("v1.2.3"), {
      status: 0,
      text: "\nOld\n\nOlder\n",
    });
    assert.deepEqual(notes("v1.2.4"), { status: 1, text: "" });
  });

  test("tells the Dockerfile what that wants to know", () => {
    const final = readFileSync("Dockerfile", "utf8").split("\nFROM ").at(-1);
    const wanted = final?.matchAll(/^ARG (\w+)=/gm).map(([, name]) => name);
    const told = stepOf(({ id }) => id === "build").with?.["build-args"];
    assert.deepEqual(
      told
        ?.matchAll(/^(\w+)=/gm)
        .map(([, name]) => name)
        .toArray(),
      wanted?.toArray(),
    );
  });
});
