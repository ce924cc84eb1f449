import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
} from "node:fs";
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
const LINE =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn|error|debug): \S.*$/;

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
  { statement: "there is none", without: FORMAT_NAMES },
  {
    statement: "a name more is wanted",
    ask: (name) => ["-d", name, "-d", `www.${name}`],
  },
  {
    statement: "a name less is wanted",
    names: (name) => [name, `www.${name}`],
  },
  { statement: "another name is wanted", names: (name) => [`www.${name}`] },
  {
    statement: "less than --valid_min is left",
    ask: (name) => ["-d", name, "--valid_min", `${91 * 24 * 60 * 60}`],
  },
  {
    statement: "less than --valid_min can ever be left",
    days: 6,
    ask: (name) => ["-d", name, "--valid_min", "2592000"],
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
    pebble = await startPebble({ alternateRoots: 2 });
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
      assert.ok(
        leafOf(one).checkPrivateKey(
          createPrivateKey(one.certs.read("key.pem")),
        ),
      );
      assert.deepEqual(one.certs.files(), [...FORMAT_NAMES].sort());
    });

  test("what scripts look for in the messages, each on a line with time and level", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name);
    assert.equal(run.code, 0, run.stderr);
    for (const line of linesOf(run.stderr)) assert.match(line, LINE);
    assert.match(run.stderr, /Generating new account key/);
    assert.match(run.stderr, /Generating new certificate private key/);
    for (const file of one.certs.files())
      assert.match(
        run.stderr,
        new RegExp(`Saving ${file.replace(".", "\\.")}`),
      );
  });

  test("the certificate's request has the names in its subjectAltName alone", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name, "-d", `www.${one.name}`);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(namesIn(one), [one.name, `www.${one.name}`].sort());
  });

  test("no --email is nothing to warn of, and no contact is sent", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name);
    assert.equal(run.code, 0, run.stderr);
    assert.doesNotMatch(run.stderr, / warn: /);
    assert.equal("contact" in registered(one), false);
  });

  test("each address of --email is a contact", async () => {
    await using one = await site(pebble);
    const run = await one.run("-d", one.name, "--email", "a@a.test,b@a.test");
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(registered(one), {
      termsOfServiceAgreed: true,
      contact: ["mailto:a@a.test", "mailto:b@a.test"],
    });
  });

  test("the account of the files is used, whatever --email says by then", async () => {
    await using one = await site(pebble);
    assert.equal((await one.run("-d", one.name)).code, 0);
    const uri = uriOf(one);
    const run = await one.run("-d", one.name, "--force", "--email", "a@a.test");
    assert.equal(run.code, 0, run.stderr);
    assert.equal(one.recorder.count("new-account"), 1);
    assert.equal(one.recorder.count("account"), 0);
    const orders = one.recorder.requests.filter(
      ({ kind }) => kind === "new-order",
    );
    assert.deepEqual(
      orders.map(({ body }) => body?.protected["kid"]),
      [uri, uri],
    );
  });

  test("an account without account_reg.json is found again by its key", async () => {
    await using one = await site(pebble);
    assert.equal((await one.run("-d", one.name)).code, 0);
    const uri = uriOf(one);
    rmSync(join(one.certs.path, "account_reg.json"));
    const run = await one.run("-d", one.name, "--force");
    assert.equal(run.code, 0, run.stderr);
    assert.equal(uriOf(one), uri);
  });

  test("an account_reg.json whose key is gone is replaced", async () => {
    await using one = await site(pebble);
    assert.equal((await one.run("-d", one.name)).code, 0);
    const uri = uriOf(one);
    rmSync(join(one.certs.path, "account_key.json"));
    const run = await one.run("-d", one.name, "--force");
    assert.equal(run.code, 0, run.stderr);
    assert.notEqual(uriOf(one), uri);
  });

  test("a folder from another CA gets an account at this one, with its key", async () => {
    await using one = await site(pebble);
    const files = simpLeFiles(makeBundle({ names: [one.name] }), account);
    one.certs.write(files);
    const run = await one.run("-d", one.name, "--force");
    assert.equal(run.code, 0, run.stderr);
    assert.equal(one.certs.read("account_key.json"), files["account_key.json"]);
    assert.equal(
      new URL(uriOf(one)).host,
      new URL(one.recorder.directoryUrl).host,
    );
  });

  test("--account_key_public_exponent makes an RSA key of that exponent", async () => {
    await using one = await site(pebble);
    const args = [
      "--account_key_size",
      "2048",
      "--account_key_public_exponent",
      "17",
    ];
    const run = await one.run("-d", one.name, ...args);
    assert.equal(run.code, 0, run.stderr);
    const jwk = JSON.parse(one.certs.read("account_key.json")) as Record<
      string,
      string
    >;
    assert.equal(
      Buffer.from(jwk["e"] ?? "", "base64url").toString("hex"),
      "11",
    );
    assert.deepEqual(
      jwk,
      simpLeJwk(createPrivateKey({ key: jwk, format: "jwk" })),
    );
  });

  for (const chosen of [0, 1, 2])
    test(`--use_alt_chain ${chosen} takes ${chosen === 0 ? "the usual chain" : `the alternate chain number ${chosen}`}`, async () => {
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

  test("a first run that fails keeps what was saved of the account", async () => {
    await using one = await site(pebble);
    const lost = `lost.${one.name}`;
    await pebble.dns.setA(lost, ["127.0.0.9"]);
    const run = await one.run("-d", one.name, "-d", lost);
    assert.equal(run.code, 2);
    assert.deepEqual(one.certs.files(), [
      "account_key.json",
      "account_reg.json",
    ]);
    const [key, uri] = [one.certs.read("account_key.json"), uriOf(one)];
    assert.equal((await one.run("-d", one.name)).code, 0);
    assert.deepEqual(
      [one.certs.read("account_key.json"), uriOf(one)],
      [key, uri],
    );
  });

  test("a failed renewal: every file as it was, and a last line that names what failed", async () => {
    await using one = await site(pebble);
    assert.equal((await one.run("-d", one.name)).code, 0);
    const state = one.certs.state();
    const lost = `lost.${one.name}`;
    await pebble.dns.setA(lost, ["127.0.0.9"]);
    const run = await one.run("-d", one.name, "-d", lost);
    assert.equal(run.code, 2);
    assert.equal(run.stdout, "");
    assert.deepEqual(one.certs.state(), state);
    for (const line of linesOf(run.stderr)) assert.match(line, LINE);
    const last = linesOf(run.stderr).at(-1) ?? "";
    assert.match(last, / error: /);
    assert.match(last, /CA marked some of the authorizations as invalid/);
    assert.ok(last.includes(lost), last);
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
  async function serve(one: Site, root: string, then: (file: string) => void) {
    const asked: { path: string; text: string }[] = [];
    const server = createServer((request, response) => {
      const path = request.url ?? "";
      const text = readFileSync(join(root, path), "utf8");
      asked.push({ path, text });
      then(join(root, path));
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
    using web = await serve(one, root, () => undefined);
    const run = await one.run("-d", `${one.name}:www`);
    assert.equal(run.code, 0, run.stderr);
    for (const { path, text } of web.asked) {
      const [, token = ""] =
        /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(path) ?? [];
      assert.match(text, new RegExp(`^${token}\\.[\\w-]{43}$`));
    }
    assert.ok(web.asked.length > 0);
    assert.deepEqual(readdirSync(root), []);
  });

  test("a challenge file that is gone at the end is nothing", async () => {
    await using one = await site(pebble);
    let kept: string | undefined;
    using _web = await serve(one, one.certs.path, (file) => {
      // The CA may ask more than once.
      kept = file;
    });
    const remove = one.recorder.inject({
      kind: "finalize",
      alter: (answer) => {
        if (kept !== undefined) rmSync(kept, { force: true });
        return answer;
      },
    });
    const run = await one.run("-d", `${one.name}:`);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(remove.hits(), 1);
    assert.doesNotMatch(run.stderr, / (warn|error): /);
    assert.equal(existsSync(join(one.certs.path, ".well-known")), false);
  });

  /** Which of Pebble's roots the chain leads to. */
  async function rootOf(one: Site): Promise<number> {
    const blocks = one.certs
      .read("chain.pem")
      .split(/(?<=-----END CERTIFICATE-----\n)/);
    const last = new X509Certificate(blocks.at(-1) ?? "");
    const roots = await pebble.roots();
    return roots.findIndex((root) =>
      last.verify(new X509Certificate(root).publicKey),
    );
  }

  function registered(one: Site): Record<string, unknown> {
    const found = one.recorder.requests.find(
      ({ kind }) => kind === "new-account",
    );
    return found?.body?.payload as Record<string, unknown>;
  }
});
