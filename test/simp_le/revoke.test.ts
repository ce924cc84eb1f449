import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FormatName } from "../../src/store/formats.ts";
import { makeBundle } from "../support/certificates.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { request } from "../support/request.ts";
import { fileFlags, rsaAccount, simpLeFiles, type Site, site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

describe("--revoke", { skip, concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** A site that has a certificate in all nine files. */
  async function issued(): Promise<Site> {
    const one = await site(pebble);
    const run = await one.run("-d", one.name, ...fileFlags());
    assert.equal(run.code, 0, run.stderr);
    return one;
  }

  /** Runs it, and expects that the CA did it, and that every file is as it was. */
  async function revokes(one: Site, ...args: string[]) {
    const state = one.certs.state();
    const run = await one.certs.run(...args, ...one.options);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.stdout, "");
    assert.deepEqual(one.certs.state(), state);
    assert.equal(await statusOf(one), "Revoked");
    const asked = one.recorder.requests.filter(({ kind }) => kind === "revoke");
    assert.equal(asked.length, 1);
    const payload = asked[0]?.body?.payload as Record<string, unknown>;
    assert.equal(payload["reason"] ?? 0, 0);
    return asked[0]?.body?.protected ?? {};
  }

  async function statusOf(one: Site): Promise<string> {
    const cert = one.certs.files().find((file) => file === "cert.pem") ?? "fullchain.pem";
    const { serialNumber } = new X509Certificate(one.certs.read(cert));
    const url = `${pebble.managementUrl}/cert-status-by-serial/${serialNumber.toLowerCase()}`;
    const { body } = await request(url, { caFile: pebble.caFile });
    return (JSON.parse(body) as { Status: string }).Status;
  }

  const remove = (one: Site, ...files: FormatName[]) => {
    for (const file of files) rmSync(join(one.certs.path, file));
  };
  const uriOf = (one: Site) =>
    (JSON.parse(one.certs.read("account_reg.json")) as { uri: string }).uri;

  /** Runs it again: the certificate is found, and was revoked before. */
  async function hasNothingToDo(one: Site, ...args: string[]) {
    const state = one.certs.state();
    const run = await one.certs.run(...args, ...one.options);
    assert.equal(run.code, 1, run.stderr);
    assert.equal(run.stdout, "");
    assert.deepEqual(one.certs.state(), state);
  }

  test("with the account", async (t) => {
    await using one = await issued();
    const uri = uriOf(one);
    assert.equal(await statusOf(one), "Valid");
    const account = fileFlags(["account_key.json", "account_reg.json"]);
    await t.test("needs neither -d nor a place for everything", async () => {
      const signed = await revokes(one, "--revoke", ...account, "-f", "cert.pem");
      assert.equal(signed["kid"], uri);
      assert.equal(one.recorder.count("new-account"), 1);
    });
    await t.test("of a revoked certificate: nothing was to be done, and the code 1", async () => {
      await hasNothingToDo(one, "--revoke");
    });
    await t.test("may be written as a command", async () => {
      // The address to listen on is for --revoke only, which takes what it does not heed.
      const options = one.options.slice(0, -2);
      await hasNothingToDo({ ...one, options }, "revoke");
    });
    for (const file of ["cert.der", "fullchain.pem", "full.pem"])
      await t.test(`finds the certificate in ${file}`, async () => {
        await hasNothingToDo(one, "--revoke", ...account, "-f", file);
      });
  });

  test("takes the options of the run that issued, as Dokku gave them", async () => {
    await using one = await issued();
    const six: FormatName[] = [
      ...(["account_key.json", "account_reg.json", "fullchain.pem"] as const),
      ...(["chain.pem", "cert.pem", "key.pem"] as const),
    ];
    const options = ["--valid_min", "2592000", "--email", "a@a.test"];
    await revokes(one, "--revoke", ...fileFlags(six), ...options, "-d", one.name);
  });

  test("finds the account by its key where account_reg.json is missing", async () => {
    await using one = await issued();
    const uri = uriOf(one);
    remove(one, "account_reg.json");
    const signed = await revokes(one, "--revoke");
    assert.equal(signed["kid"], uri);
    const lookup = one.recorder.requests.filter(({ kind }) => kind === "new-account").at(-1);
    assert.equal(lookup?.status, 200);
  });

  test("signs with the certificate's key where there is no account key, and makes no account", async () => {
    await using one = await issued();
    remove(one, "account_key.json");
    const signed = await revokes(one, "--revoke", ...fileFlags());
    assert.equal(signed["kid"], undefined);
    const { publicKey } = new X509Certificate(one.certs.read("cert.pem"));
    assert.deepEqual(signed["jwk"], publicKey.export({ format: "jwk" }));
    assert.equal(one.recorder.count("new-account"), 1);
  });

  test("that the CA refuses is an error, and every file is as it was", async () => {
    await using one = await site(pebble);
    const made = makeBundle({ names: [one.name] });
    one.certs.write(simpLeFiles(made, rsaAccount()));
    const state = one.certs.state();
    const run = await one.run("--revoke", ...fileFlags());
    assert.equal(run.code, 2);
    assert.match(run.stderr, / error: .*\n$/);
    assert.deepEqual(one.certs.state(), state);
  });
});
