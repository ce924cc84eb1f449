import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { namesOf } from "../../src/store/bundle.ts";
import { startCaddy, validationSkip } from "../support/caddy.ts";
import { sidecar } from "../support/sidecar.ts";
import { missing } from "../support/tools.ts";

test(
  "another CA: a certificate from Caddy's ACME server, and its renewal",
  {
    skip: missing("caddy", "unshare") || (await validationSkip()),
  },
  async () => {
    const names = ["caddy-a.test", "caddy-b.test"];
    await using caddy = await startCaddy({ names });
    await using program = sidecar(caddy, caddy.validationPort, {
      host: caddy.validationAddress,
    });
    const first = await program.issue(names);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(namesOf(program.leaf()).sort(), names);
    execFileSync(
      "openssl",
      ["verify", "-CAfile", caddy.caFile, "-untrusted", "chain.pem", "cert.pem"],
      {
        cwd: program.dir,
        stdio: "pipe",
      },
    );
    assert.equal((await program.issue(names)).code, 1);
    const forced = await program.issue(names, "--force");
    assert.equal(forced.code, 0, forced.stderr);
  },
);
