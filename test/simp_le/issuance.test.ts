import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FORMAT_NAMES } from "../../src/store/formats.ts";
import { makeBundle } from "../support/certificates.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import {
  type Files,
  fileFlags,
  rsaAccount,
  simpLeFiles,
  simpLeJwk,
  type Site,
  site,
} from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");
const account = rsaAccount();
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn|error|debug): \S.*$/;

const namesIn = (one: Site) =>
  (leafOf(one).subjectAltName ?? "").replaceAll("DNS:", "").split(", ").sort();
const leafOf = (one: Site) => new X509Certificate(one.certs.read("cert.pem"));
const uriOf = (one: Site) =>
  (JSON.parse(one.certs.read("account_reg.json")) as { uri: string }).uri;
const linesOf = (text: string) => text.trimEnd().split("\n");

interface Due {
  statement: string;
  /** Of the certificate that is there. */
  names?: (name: string) => string[];
  days?: number;
  without?: readonly string[];
  ask?: (name: string) => string[];
}

const DUE: Due[] = [
  {
    statement: "a name more is wanted",
    ask: (name) => ["-d", name, "-d", `www.${name}`],
  },
  {
    statement: "a name less is wanted",
    names: (name) => [name, `www.${name}`],
  },
  {
    statement: "less than --valid_min is left",
    ask: (name) => ["-d", name, "--valid_min", `${91 * 24 * 60 * 60}`],
  },
  { statement: "it is over", days: 0 },
  {
    statement: "its key is missing",
    without: ["key.pem", "key.der", "full.pem"],
  },
  {
    statement: "its chain is missing",
    without: ["chain.pem", "fullchain.pem", "full.pem"],
  },
];

describe("a certificate is issued", { skip, concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble({
      alternateRoots: 2,
    });
  });
  after(() => pebble[Symbol.asyncDispose]());

  for (const {
    statement,
    names = (name: string) => [name],
    days = 90,
    without = [],
    ask = (name: string) => ["-d", name],
  } of DUE)
    test(`${statement}: a new one, and the code 0`, async () => {
      await using one = await site(pebble);
      const there = makeBundle({ names: names(one.name), days });
      const gone = without.map((name) => [name, undefined] as const);
      const files: Files = {
        ...simpLeFiles(there, account),
        ...Object.fromEntries(gone),
      };
      one.certs.write(files);
      const args = ask(one.name);
      const run = await one.run(...args, ...fileFlags());
      assert.equal(run.code, 0, run.stderr);
      assert.equal(run.stdout, "");
      const wanted = args.filter((word) => word.endsWith(".test"));
      assert.deepEqual(namesIn(one), wanted.sort());
      assert.notEqual(leafOf(one).fingerprint256, there.leaf.fingerprint256);
      assert.ok(leafOf(one).checkPrivateKey(createPrivateKey(one.certs.read("key.pem"))));
      assert.deepEqual(one.certs.files(), [...FORMAT_NAMES].sort());
    });

  test("there is none: all of it is made, and the code 0", async (t) => {
    await using one = await site(pebble);
    const { certs, name, recorder } = one;
    const args = ["-d", name, "-d", `www.${name}`];
    const first = await one.run(...args);
    assert.equal(first.code, 0, first.stderr);
    const uri = uriOf(one);

    await t.test("the names are in the certificate", () => {
      assert.deepEqual(namesIn(one), [name, `www.${name}`].sort());
    });
    await t.test("messages are lines with time and level, and on stderr", () => {
      assert.equal(first.stdout, "");
      for (const line of linesOf(first.stderr)) assert.match(line, LINE);
    });
    await t.test("what scripts look for is in the messages", () => {
      assert.match(first.stderr, /Generating new account key/);
      assert.match(first.stderr, /Generating new certificate private key/);
      for (const file of certs.files()) assert.match(first.stderr, new RegExp(`Saving ${file}`));
    });
    await t.test("no --email is nothing to warn of, and no contact is sent", () => {
      assert.doesNotMatch(first.stderr, / warn: /);
      assert.deepEqual(registered(one), { termsOfServiceAgreed: true });
    });
    await t.test("the account is used again, and told of another --email once", async () => {
      const run = await one.run(...args, "--force", "--email", "a@a.test");
      assert.equal(run.code, 0, run.stderr);
      assert.equal(recorder.count("new-account"), 1);
      assert.equal(recorder.count("account"), 1);
      const orders = recorder.requests.filter(({ kind }) => kind === "new-order");
      const signers = orders.map(({ body }) => body?.protected["kid"]);
      assert.deepEqual(signers, [uri, uri]);
    });
    await t.test("without account_reg.json it is found again by its key", async () => {
      rmSync(join(certs.path, "account_reg.json"));
      const run = await one.run(...args, "--force");
      assert.equal(run.code, 0, run.stderr);
      assert.equal(uriOf(one), uri);
    });
    await t.test("an account_reg.json whose key is gone is replaced", async () => {
      rmSync(join(certs.path, "account_key.json"));
      const run = await one.run(...args, "--force");
      assert.equal(run.code, 0, run.stderr);
      assert.notEqual(uriOf(one), uri);
    });
  });

  test("a folder of simp_le from another CA", async (t) => {
    await using one = await site(pebble);
    const there = makeBundle({ names: [one.name], rsa: 2048 });
    const files = simpLeFiles(there, account);
    one.certs.write(files);
    const run = await one.run("-d", one.name, "--force");
    assert.equal(run.code, 0, run.stderr);
    await t.test("gets an account at this one, with its key", () => {
      const key = one.certs.read("account_key.json");
      assert.equal(key, files["account_key.json"]);
      const { host } = new URL(one.recorder.directoryUrl);
      assert.equal(new URL(uriOf(one)).host, host);
    });
    await t.test("gets another RSA key of the same size", () => {
      const { publicKey } = leafOf(one);
      assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048);
      assert.ok(!publicKey.equals(there.leaf.publicKey));
    });
  });

  test("a new account", async (t) => {
    await using one = await site(pebble);
    const exponent = ["--account_key_public_exponent", "17"];
    const args = ["--account_key_size", "2048", ...exponent];
    const email = ["--email", "a@a.test,b@a.test"];
    const run = await one.run("-d", one.name, ...args, ...email);
    assert.equal(run.code, 0, run.stderr);
    await t.test("has an RSA key with --account_key_public_exponent", () => {
      const text = one.certs.read("account_key.json");
      const jwk = JSON.parse(text) as Record<string, string>;
      const e = Buffer.from(jwk["e"] ?? "", "base64url");
      assert.equal(e.toString("hex"), "11");
      const key = createPrivateKey({ key: jwk, format: "jwk" });
      assert.deepEqual(jwk, simpLeJwk(key));
    });
    await t.test("has each address of --email as a contact", () => {
      assert.deepEqual(registered(one), {
        termsOfServiceAgreed: true,
        contact: ["mailto:a@a.test", "mailto:b@a.test"],
      });
    });
  });

  for (const chosen of [1, 2])
    test(`--use_alt_chain ${chosen} takes the alternate chain number ${chosen}`, async () => {
      await using one = await site(pebble);
      const run = await one.run("-d", one.name, "--use_alt_chain", `${chosen}`);
      assert.equal(run.code, 0, run.stderr);
      assert.equal(await rootOf(one), chosen);
    });

  test("--use_alt_chain beyond the last chain: a warning, and the usual chain", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name, "--use_alt_chain", "3");
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, / warn: .*3.*--use_alt_chain/);
    assert.equal(await rootOf(one), 0);
  });

  test("a run that fails", async (t) => {
    await using one = await site(pebble);
    const { certs, name } = one;
    const lost = `lost.${name}`;
    await pebble.dns.setA(lost, ["127.0.0.9"]);
    const first = await one.run("-d", name, "-d", lost);

    await t.test("the first: what was saved of the account stays, and is used", async () => {
      assert.equal(first.code, 2);
      assert.deepEqual(certs.files(), ["account_key.json", "account_reg.json"]);
      const { "account_key.json": key, "account_reg.json": registration } = certs.state();
      assert.equal((await one.run("-d", name)).code, 0);
      assert.deepEqual(certs.state()["account_key.json"], key);
      assert.deepEqual(certs.state()["account_reg.json"], registration);
      assert.equal(one.recorder.count("new-account"), 1);
    });
    const state = certs.state();
    const renewal = await one.run("-d", name, "-d", lost);
    await t.test("a renewal: every file is as it was", () => {
      assert.equal(renewal.code, 2);
      assert.equal(renewal.stdout, "");
      assert.deepEqual(certs.state(), state);
    });
    await t.test(
      "the last line is the error, with the name and the words that scripts look for",
      () => {
        for (const line of linesOf(renewal.stderr)) assert.match(line, LINE);
        const last = linesOf(renewal.stderr).at(-1) ?? "";
        assert.match(last, / error: .*The CA did not validate/);
        assert.ok(last.includes(lost), last);
      },
    );
  });

  test("a CA without http-01 for a name is an error that says so", async () => {
    await using one = await site(pebble);
    one.recorder.inject({
      kind: "authorization",
      alter: ({ body }) => ({
        body: body.replaceAll('"http-01"', '"http-99"'),
      }),
    });
    const run = await one.run("-d", one.name);
    assert.equal(run.code, 2);
    assert.match(linesOf(run.stderr).at(-1) ?? "", /http-01/);
  });

  /** Serves a folder where the CA looks for this site, and tells what it was asked for. */
  async function serve(one: Site, root: string, each: (file: string) => void = () => undefined) {
    const asked = new Map<string, string>();
    const server = createServer(({ url: path = "" }, response) => {
      const text = asked.get(path) ?? readFileSync(join(root, path), "utf8");
      asked.set(path, text);
      each(join(root, path));
      response.end(text);
    });
    const [host] = (one.options.at(-1) ?? "").split(":");
    server.listen(pebble.httpPort, host);
    await once(server, "listening");
    return {
      asked,
      [Symbol.dispose]: () => {
        server.close();
      },
    };
  }

  test("challenge files: in ROOT, relative here, without a newline, and gone at the end with their folders", async () => {
    await using one = await site(pebble);
    const root = join(one.certs.path, "www");
    mkdirSync(root);
    using web = await serve(one, root);
    const run = await one.run("-d", `${one.name}:www`);
    assert.equal(run.code, 0, run.stderr);
    for (const [path, text] of web.asked) {
      const [, token = ""] = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(path) ?? [];
      assert.match(text, new RegExp(`^${token}\\.[\\w-]{43}$`));
    }
    assert.equal(web.asked.size, 1);
    assert.deepEqual(readdirSync(root), []);
  });

  test("a challenge file that is gone at the end is nothing", async () => {
    await using one = await site(pebble);
    using web = await serve(one, one.certs.path, (file) => {
      rmSync(file, { force: true });
    });
    const run = await one.run("-d", `${one.name}:`);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(web.asked.size, 1);
    assert.doesNotMatch(run.stderr, / (warn|error): /);
    assert.equal(existsSync(join(one.certs.path, ".well-known")), false);
  });

  /** Which of Pebble's roots the chain leads to. */
  async function rootOf(one: Site): Promise<number> {
    const blocks = one.certs.read("chain.pem").split(/(?<=-----END CERTIFICATE-----\n)/);
    const last = new X509Certificate(blocks.at(-1) ?? "");
    const roots = await pebble.roots();
    return roots.findIndex((root) => last.verify(new X509Certificate(root).publicKey));
  }

  function registered(one: Site): Record<string, unknown> {
    const found = one.recorder.requests.find(({ kind }) => kind === "new-account");
    return found?.body?.payload as Record<string, unknown>;
  }
});
