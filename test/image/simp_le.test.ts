import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { missingImage } from "../support/docker.ts";
import { missing } from "../support/tools.ts";
import { snapshot } from "../support/sidecar.ts";
import { notRoot, setting } from "./setting.ts";

const skip = missing("pebble") || missingImage() || notRoot();

/** What the Dokku plugin of 2016 to 2021 gave to the image of simp_le, in its order. */
const dokku = (directoryUrl: string) => [
  ...["-f", "account_key.json", "-f", "account_reg.json"],
  ...["-f", "fullchain.pem", "-f", "chain.pem", "-f", "cert.pem"],
  ...["-f", "key.pem", "--valid_min", "2592000"],
  ...["--server", directoryUrl, "--email", "you@example.com"],
  ...["-d", "app.example.test", "-d", "www.example.test"],
];

describe("the image in the place of simp_le's", { skip }, () => {
  test("the call of the Dokku plugin of 2016 to 2021 issues, keeps and revokes", async () => {
    await using world = await setting();
    const first = await world.run(dokku);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(
      readdirSync(world.dir).filter((file) => !file.startsWith(".")),
      [
        ...["account_key.json", "account_reg.json", "cert.pem", "chain.pem"],
        ...["fullchain.pem", "key.pem"],
      ],
    );
    const asked = world.recorder.count();
    const second = await world.run(dokku);
    assert.equal(second.code, 1, second.stderr);
    assert.equal(world.recorder.count(), asked);

    const files = snapshot(world.dir);
    const revoked = await world.run((url) => ["--revoke", ...dokku(url)]);
    assert.equal(revoked.code, 0, revoked.stderr);
    assert.equal(world.recorder.count("revoke"), 1);
    assert.equal(snapshot(world.dir), files);
  });

  test("simp_le is a name of the program, as entrypoint, as command and in scripts", async () => {
    await using world = await setting();
    const wish = (url: string) => ["--server", url, "-d", "a.test"];
    const entrypoint = ["--entrypoint", "simp_le"];
    const first = await world.run(wish, { docker: entrypoint });
    assert.equal(first.code, 0, first.stderr);
    const second = await world.run((url) => ["simp_le", ...wish(url)]);
    assert.equal(second.code, 1, second.stderr);
    const script = "simp_le --version; simp_le --nonsense; echo $?";
    const third = await world.run(() => ["sh", "-c", script]);
    assert.match(third.stdout, /^acme-sidecar .*\n2\n$/);
  });
});
