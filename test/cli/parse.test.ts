import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "../../src/cli/parse.ts";
import { AppError } from "../../src/errors.ts";

const words = (argv: string[], env: Record<string, string> = {}) =>
  parse({ argv, env, cwd: "/certs", version: "1.2.3" });

function issue(argv: string[], env?: Record<string, string>) {
  const request = words(argv, env);
  assert.ok(request.verb === "issue");
  return { ...request, target: request.wish.target };
}

const refused = (argv: string[], message: RegExp, env?: Record<string, string>) => {
  assert.throws(
    () => words(argv, env),
    (error: unknown) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, "usage");
      assert.match(`${error.message} ${error.hint ?? ""}`, message);
      return true;
    },
  );
};

describe("names and folders", () => {
  test("a name alone is answered on port 80 of every address", () => {
    const { target } = issue(["-d", "example.com"]);
    assert.deepEqual(target.want.names, ["example.com"]);
    assert.deepEqual(target.ask.method, {
      kind: "standalone",
      listen: { host: "::", port: 80 },
    });
  });
  test("-d may be repeated, and a name counts once", () => {
    const { target } = issue(["-d", "a.test", "--vhost", "b.test", "--vhost=A.test"]);
    assert.deepEqual(target.want.names, ["a.test", "b.test"]);
  });
  test("NAME:ROOT is answered in ROOT, which may contain colons", () => {
    const { target } = issue(["-d", "a.test:/srv/a:b", "-d", "b.test:relative"]);
    assert.ok(target.ask.method.kind === "webroot");
    assert.deepEqual(Object.fromEntries(target.ask.method.roots), {
      "a.test": "/srv/a:b",
      "b.test": "/certs/relative",
    });
  });
  test("--default_root serves every name without a folder", () => {
    const { target } = issue(["-d", "a.test:/srv/a", "-d", "b.test", "--default_root", "/srv/www"]);
    assert.ok(target.ask.method.kind === "webroot");
    assert.deepEqual([...target.ask.method.roots.values()], ["/srv/a", "/srv/www"]);
  });
  test("some names with a folder and some without is an error naming those without", () => {
    refused(["-d", "a.test:/srv", "-d", "b.test"], /none: b\.test.*--default_root/);
  });
  test("a port is told apart from a folder", () => {
    refused(["-d", "a.test:8080"], /looks like a port/);
  });
  for (const name of ["https://a.test", "a_b.test", "*.a.test", "a.*.test", "1.2.3", "a..test", ""])
    test(`-d ${name} is refused, and the message repeats it`, () => {
      refused(
        ["-d", name],
        name === "" ? /-d|name/i : new RegExp(name.replace(/[.*[\]]/g, "\\$&")),
      );
    });
  test("no name at all is an error", () => {
    refused(["--email", "a@b.test"], /no name/);
    refused([], /no name/);
  });
});

describe("options", () => {
  test("underscores and hyphens mean the same", () => {
    for (const option of ["--valid_min", "--valid-min"])
      assert.equal(issue([option, "60", "-d", "a.test"]).target.want.validAtLeast, 60_000);
    assert.equal(issue(["--certs-dir=/x/y-z", "-d", "a.test"]).target.keep.dir, "/x/y-z");
  });
  test("the last of a repeated option counts", () => {
    assert.equal(
      issue(["--valid_min", "1", "--valid_min=2", "-d", "a.test"]).target.want.validAtLeast,
      2000,
    );
  });
  test("--valid_min 0 is kept apart from none", () => {
    assert.equal(issue(["--valid_min", "0", "-d", "a.test"]).target.want.validAtLeast, 0);
    assert.equal(issue(["-d", "a.test"]).target.want.validAtLeast, undefined);
  });
  test("CAs have short names, Let's Encrypt being the usual one", () => {
    assert.equal(
      issue(["-d", "a.test"]).target.ask.from[0],
      "https://acme-v02.api.letsencrypt.org/directory",
    );
    assert.match(
      issue(["-d", "a.test", "--server", "letsencrypt-staging"]).target.ask.from[0],
      /staging/,
    );
    assert.equal(
      issue(["-d", "a.test", "--server", "https://ca.test/dir"]).target.ask.from[0],
      "https://ca.test/dir",
    );
    refused(
      ["-d", "a.test", "--server", "letsenrcypt"],
      /--server letsenrcypt.*letsencrypt-staging/,
    );
    refused(["-d", "a.test", "--server", "http://ca.test/dir"], /https/);
    assert.deepEqual(issue(["-d", "a.test", "--server", "https://ca.test/@me"]).target.ask.from, [
      "https://ca.test/@me",
    ]);
  });

  test("-f chooses the files, which together must hold everything", () => {
    const seed = ["account_key.json", "key.pem", "cert.pem", "chain.pem", "fullchain.pem"];
    const files = seed.flatMap((file) => ["-f", file]);
    assert.deepEqual(issue([...files, "-d", "a.test"]).target.keep.formats, seed);
    assert.equal(issue(["-d", "a.test"]).target.keep.formats.length, 6);
    refused(["-f", "key.pem", "-d", "a.test"], /account's key, the certificate, its chain/);
    refused(["-f", "keys.pem", "-d", "a.test"], /-f keys\.pem.*key\.pem/);
  });
  test("cert.p12 is written with --pkcs12_password_file, and -f cert.p12 says so", () => {
    refused(["-f", "cert.p12", "-d", "a.test"], /-f cert\.p12.*--pkcs12_password_file FILE/);
    const { keep } = issue(["-d", "a.test", "--pkcs12-password-file", "pw"]).target;
    assert.equal(keep.pkcs12?.file, "/certs/pw");
    assert.equal(issue(["-d", "a.test"]).target.keep.pkcs12, undefined);
  });
  test("--owner takes the numbers of a user and a group", () => {
    for (const [text, owner] of [
      ["33", { uid: 33, gid: undefined }],
      ["0:0", { uid: 0, gid: 0 }],
      ["1000:4294967294", { uid: 1000, gid: 4294967294 }],
    ] as const)
      assert.deepEqual(issue(["-d", "a.test", "--owner", text]).target.keep.owner, owner);
    for (const text of ["www-data", "1:", ":1", "1:2:3", "-1", "4294967295"])
      refused(["-d", "a.test", `--owner=${text}`], /--owner.*UID:GID.*id -u/);
  });
  test("--listen takes a host and a port, brackets around IPv6", () => {
    for (const [text, host, port] of [
      ["127.0.0.1:8888", "127.0.0.1", 8888],
      ["[::1]:8888", "::1", 8888],
      ["8888", "::", 8888],
      [":8888", "::", 8888],
    ] as const)
      assert.deepEqual(issue(["-d", "a.test", "--listen", text]).target.ask.method, {
        kind: "standalone",
        listen: { host, port },
      });
    for (const text of ["nowhere", "::1:80", "a:b", "1.2.3.4:70000"])
      refused(["-d", "a.test", "--listen", text], /--listen/);
  });
  test("--email takes several addresses and refuses what is none", () => {
    assert.deepEqual(
      issue(["-d", "a.test", "--email", "a@b.test,c@d.test"]).target.ask.account.contact,
      ["a@b.test", "c@d.test"],
    );
    for (const text of ["nobody", "a@b.test,", "a b@c.test"])
      refused(["-d", "a.test", "--email", text], /--email/);
  });
  test("a chain is chosen by its place or by its issuer, and not by both", () => {
    refused(
      ["-d", "a.test", "--preferred_chain", "X1", "--use_alt_chain", "1"],
      /--preferred_chain X1: it does not work with --use_alt_chain\. Choose one/,
    );
  });
  test("RSA keys have a sensible size", () => {
    assert.deepEqual(issue(["-d", "a.test", "--cert_key_size", "3072"]).target.ask.key, {
      rsa: 3072,
    });
    refused(["-d", "a.test", "--cert_key_size", "1024"], /2048/);
    refused(["-d", "a.test", "--account_key_size", "many"], /whole number/);
  });
  test("what is not an option is an error naming it", () => {
    refused(["-d", "a.test", "--froce"], /--froce/);
    refused(["-d", "a.test", "-x"], /-x/);
    refused(["-d", "a.test", "b.test"], /"b\.test"/);
    refused(
      ["isue", "-d", "a.test"],
      /"isue" is not a command.*The commands are issue, (?!.*dokku)/,
    );
    refused(["b.test"], /"b\.test" is not a command.*write -d b\.test/);
    refused(["-d", "a.test", "--valid_min"], /valid_min/);
    refused(["-d", "a.test", "--log_format", "xml"], /--log_format xml/);
  });
  test("an environment variable stands for an option, and the command line wins", () => {
    const env = {
      ACME_SIDECAR_VHOST: "a.test b.test",
      ACME_SIDECAR_VALID_MIN: "60",
      ACME_SIDECAR_FORCE: "true",
      ACME_SIDECAR_REUSE_KEY: "0",
    };
    const { target } = issue(["--valid_min", "120"], env);
    const { names, validAtLeast, force } = target.want;
    assert.deepEqual(names, ["a.test", "b.test"]);
    assert.equal(validAtLeast, 120_000);
    assert.equal(force, true);
    assert.equal(target.ask.reuseKey, false);
    assert.deepEqual(issue(["-d", "c.test"], env).target.want.names, ["c.test"]);
    const gone = { ...env, ACME_SIDECAR_TEST: "1", ACME_SIDECAR_FORCE: "" };
    assert.equal(issue([], gone).target.want.force, false);
  });
});

describe("trying", () => {
  const tried = (...argv: string[]) => {
    const request = words(["-d", "a.test", "--dry_run", ...argv]);
    assert.ok(request.verb === "issue" && request.wish.dryRun);
    return request.wish.target;
  };
  test("--dry_run asks the CA's directory for trying, whatever is there", () => {
    assert.match(tried().ask.from[0], /acme-staging-v02/);
    assert.match(tried("--server", "google").ask.from[0], /test-api/);
    assert.equal(tried().want.force, true);
    const several = ["--server", "google", "--server", "letsencrypt"];
    assert.deepEqual(
      tried(...several).ask.from.map((url) => new URL(url).host),
      ["dv.acme-v02.test-api.pki.goog", "acme-staging-v02.api.letsencrypt.org"],
    );
    const own = "https://ca.test/dir";
    assert.deepEqual(tried("--server", own).ask.from, [own]);
  });
  test("--dry_run at a CA without such a directory is an error", () => {
    refused(["-d", "a.test", "--dry_run", "--server", "zerossl"], /zerossl has no staging server/);
  });
  test("a folder does not go with --stateless or --dns", () => {
    refused(["-d", "a.test:/srv", "--stateless"], /a\.test: --stateless needs no folder/);
    refused(
      ["-d", "a.test:/srv", "--dns", "exec", "--dns_exec", "x"],
      /a\.test: --dns needs no folder/,
    );
  });
});

describe("account import", () => {
  const imported = (...argv: string[]) => {
    const request = words(["account", "import", ...argv]);
    assert.ok(request.verb === "account import");
    return request.wish;
  };
  test("takes the folder, and without options all there is", () => {
    const { from, keep, server, wanted } = imported("le");
    assert.deepEqual([from, keep.dir], ["/certs/le", "/certs"]);
    assert.deepEqual([wanted, server], [[], undefined]);
  });
  test("-d and --server choose, --certs_dir and -f are part of the command to go on with", () => {
    const files = ["-f", "account_key.json", "-f", "full.pem"];
    const wish = imported(
      ...["/le", "-d", "a.test", "--server", "letsencrypt"],
      ...["--certs-dir", "out", ...files],
    );
    assert.deepEqual(wish.wanted, ["a.test"]);
    assert.match(wish.server ?? "", /^https:.*letsencrypt/);
    assert.equal(wish.keep.dir, "/certs/out");
    assert.deepEqual(wish.words, ["--server", "letsencrypt", ...files, "--certs_dir", "out"]);
  });
  test("what a renewal has to be given again is in that command, but for secrets, names and what is about messages", () => {
    const again = [
      ...["--valid_min", "5", "--reuse_key"],
      ...["--server", "zerossl", "--server", "https://ca.test/d"],
      ...["--email", "a@b.test", "--eab_kid", "k"],
      ...["--ca_bundle", "roots.pem", "--user_agent", "me"],
      ...["--listen", "80", "--default_root", "/srv"],
      ...["--key_mode", "0640", "--owner", "1:2"],
      ...["--pkcs12_password_file", "pw"],
    ];
    const secret = ["--eab_hmac_key", "c2VjcmV0"];
    const wish = imported("/le", "-v", "-d", "a.test", ...again, ...secret);
    const told = wish.words.join(" ");
    assert.ok(told.includes("--eab_kid k --eab_hmac_key KEY "), told);
    assert.deepEqual(wish.words.join(" ").replace("--eab_hmac_key KEY ", "").split(" "), again);
  });
  test("what the command would be refused for is refused before anything is imported", () => {
    refused(["account", "import", "/le", "--listen", "nowhere"], /--listen/);
    refused(["account", "import", "/le", "--dns", "exec"], /needs a program/);
    refused(["account", "import", "/le", "--eab_kid", "k"], /MAC key/);
    refused(["account", "import", "/le", "--force"], /--force does not work with/);
  });
  test("without a folder, or with other words after account, is an error", () => {
    refused(["account", "import"], /no folder .* account import DIR/);
    refused(["account", "import", "-d", "a.test"], /account import DIR/);
    refused(["account"], /"account" is not a command.*account import/);
    refused(["account", "eat"], /"account eat" is not a command/);
    refused(["account", "import", "/le", "-f", "key.pem"], /these files cannot hold/);
  });
});

describe("version", () => {
  test("--version says which", () => {
    assert.deepEqual(words(["--version"]), {
      verb: "print",
      text: "acme-sidecar 1.2.3",
    });
  });
});
