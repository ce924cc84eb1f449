import assert from "node:assert/strict";
import { test } from "node:test";
import { renewalOf } from "../../src/ui/outcome.ts";

const imported = (names: string[], words: string[]) =>
  renewalOf({
    subject: { id: "a", names, dir: "/certs" },
    ...{ kind: "imported", changed: true, account: "x", notAfter: undefined },
    ...{ server: "https://ca.test/dir", words },
  });

test("the command to go on with asks the CA of the account, or those that were named", () => {
  assert.equal(
    imported(["a.test"], ["--listen", "81"]),
    "acme-sidecar --server https://ca.test/dir --listen 81 -d a.test",
  );
  assert.equal(
    imported(["a.test"], ["--server", "zerossl"]),
    "acme-sidecar --server zerossl -d a.test",
  );
});

test("for a wildcard it has the program that was named, or asks for one", () => {
  assert.match(imported(["*.a.test"], []), / --dns_exec PROGRAM -d '\*\.a\.t/);
  const dns = ["--dns", "exec", "--dns_exec", "/hook"];
  assert.equal(
    imported(["*.a.test"], dns),
    "acme-sidecar --server https://ca.test/dir --dns exec --dns_exec /hook -d '*.a.test'",
  );
});
