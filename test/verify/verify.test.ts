import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { MAIN, runCli } from "../support/cli.ts";
import { mountSkip, withFile } from "../support/mounts.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { preload } from "../support/preload.ts";
import { run, startProcess } from "../support/process.ts";
import { certsDir, rsaAccount, simpLeFiles, type Site, site } from "../support/simp_le.ts";
import { table } from "../support/table.ts";
import { tls } from "../support/tls.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";

const DAY = 24 * 60 * 60 * 1000;
const FAST = join(import.meta.dirname, "../fixtures/fast-clock.ts");

/** The pairs of files, in a set's folder, that servers load. */
const pair = (dir: string, cert = "fullchain.pem") =>
  `ssl_certificate ${dir}/${cert}; ssl_certificate_key ${dir}/key.pem;`;

const minute = (text: string) =>
  `${new Date(text).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const WRONG = "The right certificate is not served. Correct what stands above, and verify again.";
const RELOAD =
  "The web server has not loaded the new files: run nginx -t && nginx -s reload (or reload yours).";

type Said = [cause: string, fact: string, remedy: string];

const skip = missing("pebble", "nginx", "gcc", "openssl") || (await mountSkip("/etc/hosts"));

describe("verify", { skip, concurrency: 3 }, () => {
  let pebble: Pebble;
  before(async () => {
    const profiles = { default: { description: "quarterly", validityPeriod: (90 * DAY) / 1000 } };
    pebble = await startPebble({ profiles, chainLength: 2 });
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** A set with a certificate, and an address that its web servers can have. */
  async function issued() {
    await using stack = new AsyncDisposableStack();
    const env: Site = stack.use(await site(pebble));
    const { certs, name } = env;
    assert.equal((await env.run("-d", name)).code, 0);
    const [host, port] = [loopbackAddress(), await freePort()];
    const at = `${host}:${port}`;
    const leaf = () => new X509Certificate(readFileSync(join(certs.path, "cert.pem")));
    const all = stack.move();
    return {
      ...{ env, dir: certs.path, name, host, port, at, leaf },
      /** nginx with this server block, and others beside it. */
      serve: (inside: string, listen = `${at} ssl`, more = "") =>
        startNginx(`server { listen ${listen}; server_name ${name}; ${inside} } ${more}`),
      async verify(words: string[] = [], { to = at, env: variables = {} } = {}) {
        const line = ["verify", certs.path, ...(to === "" ? [] : ["--address", to]), ...words];
        const { code, stdout, stderr } = await runCli(line, { env: variables });
        return { code, stdout: stdout.trimEnd(), stderr };
      },
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    };
  }
  type Issued = Awaited<ReturnType<typeof issued>>;

  /** What verify must say if all is well. */
  async function isFine(set: Issued) {
    const { code, stdout, stderr } = await set.verify();
    assert.equal(
      stdout,
      `${table([set.name, set.at, "ok"])}\n\nThe right certificate is served for every name, with 89 days left.`,
    );
    assert.equal(stderr, "");
    assert.equal(code, 0);
  }

  /** What verify must say of the one address, which follows the name and the address. */
  async function says(set: Issued, [cause, fact, remedy]: Said, options = {}) {
    const { code, stdout, stderr } = await set.verify([], options);
    assert.equal(
      stdout,
      `${table([set.name, set.at, cause])}\n\n${cause}: ${fact.replace("WHERE", `${set.name} at ${set.at}`)}\n  ${remedy}\n\n${WRONG}`,
    );
    assert.equal(stderr, "");
    assert.equal(code, 1);
  }

  test("sees that nginx was not reloaded after a renewal, and then that it was", async () => {
    await using set = await issued();
    await using nginx: Nginx = await set.serve(pair(set.dir));
    await isFine(set);
    await renewed(set);
    await says(set, ["older", "WHERE serves an older certificate for this name.", RELOAD]);
    await nginx.reload();
    await isFine(set);
  });

  test("of a restored older set says that something newer is served", async () => {
    await using set = await issued();
    const kept = join(set.dir, "kept");
    const files = ["key.pem", "cert.pem", "chain.pem", "fullchain.pem"];
    for (const file of files) cpSync(join(set.dir, file), join(kept, file));
    await renewed(set);
    await using _nginx = await set.serve(pair(set.dir));
    for (const file of files) cpSync(join(kept, file), join(set.dir, file));
    rmSync(kept, { recursive: true });
    await says(set, [
      "newer",
      "WHERE serves a newer certificate for this name.",
      "Something else renews it too, in another folder: let only one of them do it, and the web server load its files.",
    ]);
  });

  test("tells a wrong server block by the name of its certificate", async () => {
    await using set = await issued();
    await using other = await issued();
    const { at, name } = set;
    await using _nginx = await startNginx(
      `server { listen ${at} ssl; server_name ${other.name}; ${pair(other.dir)} }`,
    );
    await says(set, [
      "other-name",
      `WHERE serves a certificate for ${other.name}.`,
      `Another server block answers, perhaps the default one: write "server_name ${name};" in the block that loads these files, and reload.`,
    ]);
  });

  test("tells a server that refuses names it does not know", async () => {
    await using set = await issued();
    await using _nginx = await startNginx(
      `server { listen ${set.at} ssl default_server; ssl_reject_handshake on; }`,
    );
    await says(set, [
      "name-unknown",
      "The web server of WHERE refuses this name.",
      `Write "server_name ${set.name};" in the server block that loads these files, and reload.`,
    ]);
  });

  test("sees cert.pem in the place of fullchain.pem, with the issuer that is missing", async () => {
    await using set = await issued();
    await using _nginx = await set.serve(pair(set.dir, "cert.pem"));
    const issuer = set.leaf().issuer.replaceAll("\n", ", ");
    await says(set, [
      "incomplete",
      `WHERE serves the right certificate without its issuer (${issuer}).`,
      "Name fullchain.pem instead of cert.pem in ssl_certificate, and reload; some clients refuse it as it is.",
    ]);
  });

  test("sees a certificate that has ended, and one that has not begun", async () => {
    await using set = await issued();
    await using _nginx = await set.serve(pair(set.dir));
    const { validTo, validFrom, validToDate } = set.leaf();
    const by = Math.ceil((validToDate.getTime() - Date.now() + DAY) / 1000);
    await says(
      set,
      [
        "expired",
        `WHERE serves the right certificate, which ended at ${minute(validTo)}.`,
        "Get a new one with issue, batch or renew, and reload the web server.",
      ],
      { env: preload({ clock: { by } }) },
    );
    await says(
      set,
      [
        "not-yet",
        `WHERE serves the right certificate, which begins at ${minute(validFrom)}.`,
        "Set the clock of this host if it is wrong; else wait.",
      ],
      { env: preload({ clock: { by: (-10 * DAY) / 1000 } }) },
    );
  });

  test("tells a self-signed certificate, and one of another CA", async () => {
    await using set = await issued();
    const { certFile, keyFile } = await tls();
    const both = "ssl_certificate and ssl_certificate_key, and reload.";
    await using temp = tempDir();
    await run("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"],
      ...["-keyout", join(temp.path, "key.pem"), "-out", join(temp.path, "fullchain.pem")],
    ]);
    await using nginx = await set.serve(pair(temp.path));
    await says(set, [
      "self-signed",
      "WHERE serves a self-signed certificate.",
      `Name fullchain.pem and key.pem of the right one in ${both}`,
    ]);
    await using twin = await startPebble();
    await twin.dns.setA(set.name, [set.env.host]);
    await using elsewhere = await site(twin);
    const listen = ["--listen", `${set.env.host}:${twin.httpPort}`];
    const got = await elsewhere.run("-d", set.name, ...listen);
    assert.equal(got.code, 0, got.stderr);
    const server = `server { listen ${set.at} ssl; ${pair(elsewhere.certs.path)} }`;
    await nginx.reload(server);
    const file = join(elsewhere.certs.path, "cert.pem");
    const { issuer } = new X509Certificate(readFileSync(file));
    await says(set, [
      "other-ca",
      `WHERE serves a certificate of another CA (${issuer}).`,
      `If that is no CDN or proxy with a certificate of its own, name fullchain.pem and key.pem of the right one in ${both}`,
    ]);
    await nginx.reload(
      `server { listen ${set.at} ssl; ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; }`,
    );
    assert.match(
      (await set.verify()).stdout,
      / serves a certificate for localhost, 127\.0\.0\.1, ::1\.$/m,
    );
  });

  test("tells plain HTTP, another protocol, silence and a closed port apart", async () => {
    await using set = await issued();
    await says(set, [
      "refused",
      "WHERE refuses the connection.",
      "Start the web server, publish its port, or correct the A and AAAA records of the name.",
    ]);
    {
      await using _nginx = await set.serve("return 200;", set.at);
      await says(set, [
        "plain-http",
        "The web server of WHERE answers without TLS.",
        'Write "ssl" after the port in its listen line, and reload.',
      ]);
    }
    {
      await using _other = await listening(set, (socket) => {
        socket.end("220 mail.test ESMTP\r\n");
      });
      await says(set, [
        "no-tls",
        "What answers for WHERE does not speak TLS.",
        "Look up which program listens on that port, or name another port.",
      ]);
    }
    await using _silent = await listening(set, () => undefined);
    const env = { NODE_OPTIONS: `--import ${pathToFileURL(FAST).href}`, FAST: "20" };
    await says(
      set,
      [
        "timeout",
        "WHERE does not answer in time.",
        "Open the port in the firewall, or correct the A and AAAA records of the name.",
      ],
      { env },
    );
  });

  test("tells that TLS fails, with the reason of OpenSSL", async () => {
    await using set = await issued();
    await using _nginx = await set.serve(`${pair(set.dir)} ssl_protocols TLSv1.1;`);
    const { code, stdout } = await set.verify();
    assert.match(
      stdout,
      /^handshake: TLS fails with .+\.\n {2}Look into the error log of the web server; TLS 1\.2 and 1\.3 are tried\.$/m,
    );
    assert.equal(code, 1);
  });

  test("looks at every address of a name on port 443, and says that they differ", async () => {
    await using set = await issued();
    await using temp = tempDir();
    const { name, dir } = set;
    cpSync(dir, temp.path, { recursive: true });
    await renewed(set);
    const [a, b] = [loopbackAddress(), loopbackAddress()];
    await using _nginx = await startNginx(
      `server { listen ${a}:443 ssl; ${pair(temp.path)} } server { listen ${b}:443 ssl; ${pair(dir)} }`,
    );
    await using hosts = tempDir();
    const file = join(hosts.path, "hosts");
    writeFileSync(file, `${a} ${name}\n${b} ${name}\n`);
    const [program, ...words] = [...withFile("/etc/hosts", file), process.execPath, MAIN];
    await using child = await startProcess(program, [...words, "verify", dir]);
    assert.equal((await child.exited).code, 1, child.stderr());
    const [rows = "", ...told] = child.stdout().trimEnd().split("\n\n");
    assert.deepEqual(
      rows
        .split("\n")
        .slice(1, 3)
        .map((row) => row.split(/ +/))
        .sort(),
      [
        [name, `${a}:443`, "older"],
        [name, `${b}:443`, "ok"],
      ].sort(),
    );
    assert.match(rows, /-\s+mixed$/);
    assert.deepEqual(told, [
      `older: ${name} at ${a}:443 serves an older certificate for this name.\n  ${RELOAD}`,
      `mixed: The addresses of ${name} serve different certificates.\n  Copy the files to every server of the name and reload each, or remove the A and AAAA records of those that are not yours.`,
      WRONG,
    ]);
  });

  test("a name without an address has a sentence, and the answer can be JSON", async () => {
    await using set = await issued();
    const { at, host, port, name, dir } = set;
    // Only Pebble's DNS server knows the name of the site.
    const { code, stdout } = await set.verify([], { to: "" });
    assert.equal(
      stdout,
      `${table([name, "-", "no-address"])}\n\nno-address: No address of ${name} was found.\n  Add an A or AAAA record for it, or name the web server with --address.\n\n${WRONG}`,
    );
    assert.equal(code, 1);
    await using _nginx = await set.serve(pair(dir));
    const found = await set.verify(["-d", name, "--json"], { to: at });
    assert.equal(found.code, 0, found.stdout + found.stderr);
    const leaf = set.leaf();
    assert.deepEqual(JSON.parse(found.stdout), [
      {
        ...{ name, dir, host, port, cause: "ok" },
        fact: `${name} at ${at} serves the right certificate, with 89 days left.`,
        served: {
          names: [name],
          issuer: leaf.issuer,
          notBefore: leaf.validFromDate.toISOString(),
          notAfter: leaf.validToDate.toISOString(),
          certificate: leaf.fingerprint256,
        },
      },
    ]);
  });

  test("an address that is a name of the certificate is looked at on port 443", async () => {
    await using set = await site(pebble);
    const { host, certs } = set;
    const got = await set.run("-d", host);
    assert.equal(got.code, 0, got.stderr);
    await using _nginx = await startNginx(`server { listen ${host}:443 ssl; ${pair(certs.path)} }`);
    const { code, stdout } = await runCli(["verify"], { cwd: certs.path });
    assert.equal(
      stdout,
      `${table([host, `${host}:443`, "ok"])}\n\nThe right certificate is served for every name, with 89 days left.\n`,
    );
    assert.equal(code, 0);
  });

  test("looks at a name that a wildcard covers; clients have the root themselves", async () => {
    await using set = await issued();
    await using certs = certsDir();
    const { key, leaf, chain } = makeBundle({ names: ["*.wild.test"], days: 1.5 });
    certs.write(simpLeFiles({ key, leaf, chain }, rsaAccount()));
    const alone = await certs.run("verify", "--address", set.at);
    assert.equal(alone.code, 2);
    assert.match(
      alone.stderr,
      /have wildcards only, and these have no address\. Give a name that they cover with -d\.$/m,
    );
    await using _nginx = await startNginx(
      `server { listen ${set.at} ssl; ${pair(certs.path, "cert.pem")} }`,
    );
    const { code, stdout } = await certs.run("verify", "--address", set.at, "-d", "b.wild.test");
    assert.equal(
      stdout,
      `${table(["b.wild.test", set.at, "ok"])}\n\nThe right certificate is served for every name, with 1 day left.\n`,
    );
    assert.equal(code, 0);
  });

  test("refuses a name that no certificate is for, and a folder without one, before it connects", async () => {
    await using set = await issued();
    const other = await set.verify(["-d", "other.test"]);
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      new RegExp(
        `No certificate in .* is for other\\.test\\. There are certificates for ${set.name}\\.`,
      ),
    );
    await using empty = tempDir();
    const none = await runCli(["verify", empty.path]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /There is no certificate in .*\. Run issue, batch or renew to get/);
    const wildcard = await set.verify(["-d", "*.a.test"]);
    assert.equal(wildcard.code, 2);
    assert.match(
      wildcard.stderr,
      /-d \*\.a\.test: a wildcard has no address to look at\. Give a name that it covers, such as www\.a\.test\./,
    );
    for (const address of ["example.com", "a:0", "[::1]", ":443", "::1:443"])
      assert.match(
        (await set.verify([], { to: address })).stderr,
        /write HOST:PORT or \[IPV6\]:PORT\./,
        address,
      );
  });

  /** Renews until the certificate begins later: it does at a whole second. */
  async function renewed({ env, name, leaf }: Issued): Promise<void> {
    const before = leaf().validFromDate;
    do assert.equal((await env.run("-d", name, "--force")).code, 0);
    while (leaf().validFromDate <= before);
  }

  /** A server on the set's port that speaks no TLS. */
  async function listening(
    { host, port }: Issued,
    answer: (socket: Socket) => void,
  ): Promise<AsyncDisposable> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      answer(socket);
    });
    server.listen(port, host);
    await once(server, "listening");
    return server;
  }
});
