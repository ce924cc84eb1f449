import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { docker, ended, missingImage } from "../support/docker.ts";
import { startNginx } from "../support/nginx.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";
import { notRoot, type Setting, setting } from "./setting.ts";

const skip = missing("pebble", "nginx") || missingImage() || notRoot();
const CHALLENGES = ".well-known/acme-challenge";

/** The first poll of the order stays without an answer: the CA validates and validates. */
async function held({ recorder, start }: Setting, ...how: Parameters<Setting["start"]>) {
  const hold = recorder.inject({ kind: "order", hang: "before", times: 1 });
  const container = await start(...how);
  await eventually("the program to wait for the CA", () => {
    if (container.client.hasExited()) throw new Error(container.client.output());
    return hold.hits() === 1;
  });
  return container;
}

describe("a container that is stopped while the CA validates", { skip }, () => {
  for (const { how, stop } of [
    // Docker would kill it after the ten seconds, with 137 for its code.
    { how: "docker stop", stop: ["stop", "--time", "10"] },
    { how: "docker kill -s TERM", stop: ["kill", "--signal", "TERM"] },
  ])
    test(`${how}: it ends by itself with 143, and the next run gets the certificate`, async () => {
      await using world = await setting();
      await using container = await held(world, ["example.test"]);
      await docker(...stop, container.name);
      const { code, stderr } = await ended(container);
      assert.equal(code, 143, stderr);
      assert.match(stderr, /Interrupted by SIGTERM/);

      const next = await world.issue(["example.test"]);
      assert.equal(next.code, 0, next.stderr);
      assert.doesNotMatch(next.stderr, /Another run/);
    });

  test("in webroot mode its answer is gone from the mounted root, and the next run gets the certificate", async () => {
    await using world = await setting();
    await using root = tempDir();
    await using _nginx = await startNginx(
      `server { listen 127.0.0.1:${world.pebble.httpPort}; root ${root.path}; }`,
    );
    const names = ["example.test:/site"];
    // Port 80 of the container is of no use here, and nginx has the one that leads to it.
    const how = { docker: ["-v", `${root.path}:/site`], port: 0 };
    await using container = await held(world, names, how);
    assert.equal(readdirSync(join(root.path, CHALLENGES)).length, 1);
    await docker("stop", "--time", "10", container.name);
    const { code, stderr } = await ended(container);
    assert.equal(code, 143, stderr);
    assert.deepEqual(readdirSync(root.path), []);

    const next = await world.issue(names, how);
    assert.equal(next.code, 0, next.stderr);
    assert.deepEqual(readdirSync(root.path), []);
  });

  test("another container for the same folder waits, and takes over when the first one is stopped", async () => {
    await using world = await setting();
    await using first = await held(world, ["example.test"]);
    await using second = await world.start(["example.test"], { port: 0 });
    await second.client.until(/Another run is using \/certs/);
    await docker("stop", "--time", "10", first.name);
    assert.equal((await ended(first)).code, 143);
    await second.client.until(/is needed: there is none yet/);
    // It has no port that leads to it; how it goes on is for other tests.
    await docker("stop", "--time", "10", second.name);
    assert.equal((await ended(second)).code, 143);
  });
});
