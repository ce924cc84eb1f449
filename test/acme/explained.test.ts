import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Behind, behindNginx } from "../support/behind.ts";
import type { CliResult } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { request } from "../support/request.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("pebble", "nginx");
const PATH = "/.well-known/acme-challenge/";
const FORWARD =
  "Put the block that acme-sidecar nginx prints into the server block of this name on port 80, and reload it, or correct the name's A and AAAA records.";
const ONE_CLIENT =
  "Let only one ACME client and one host ask for a name, or forward the challenges of all hosts to this one.";
/** What the block of "acme-sidecar nginx" sets. */
const SET = "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;";

interface Tally {
  count: number;
  from: string[];
  hosts: string[];
}
interface Problem {
  name: string;
  detail: string;
  cause: string;
  hint: string;
  seen?: {
    asked?: Record<"answered" | "misplaced" | "unknown" | "elsewhere", Tally>;
    file?: { path: string; lost?: string; closed?: string };
  };
}

function errorOf({ code, stderr }: CliResult) {
  assert.equal(code, 2, stderr);
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return (JSON.parse(last) as { error: { message: string; hint: string; problems: Problem[] } })
    .error;
}

describe("a validation that fails is explained", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  const behind = (server: string) => behindNginx(pebble, server);

  async function failure(env: Behind, ...words: string[]) {
    const { hint, problems } = errorOf(
      await env.run("-d", env.name, "--log_format", "json", ...words),
    );
    const [problem] = problems;
    assert.ok(problem);
    assert.equal(problem.hint, hint);
    return { ...problem, asked: problem.seen?.asked };
  }

  test("a site that answers 404 itself", async () => {
    await using env = await behind("return 404;");
    const { cause, hint, asked } = await failure(env);
    assert.equal(cause, "not-forwarded");
    assert.equal(
      hint,
      `Nobody asked this program: the web server answered 404 itself, and does not forward the challenge. ${FORWARD}`,
    );
    const none = { count: 0, from: [], hosts: [] };
    assert.deepEqual(asked, { answered: none, misplaced: none, unknown: none, elsewhere: none });
  });

  test("a site that wants a password", async () => {
    await using env = await behind("auth_basic all; auth_basic_user_file /dev/null;");
    const { cause, hint } = await failure(env);
    assert.equal(cause, "locked");
    assert.equal(
      hint,
      `Nobody asked this program: the web server answered 401 itself, so it wants a password or blocks the CA. Forward ${PATH} here without a password ("acme-sidecar nginx" prints the block for that), and look for filters by address.`,
    );
  });

  test("a site that answers a web page, whose last line names the server", async () => {
    await using env = await behind(
      'default_type text/html; return 200 "<html><body><h1>Hi</h1><hr><center>nginx/1.2</center></body></html>";',
    );
    const { hint } = await failure(env);
    assert.equal(
      hint,
      `Nobody asked this program: the web server answered a web page (nginx/1.2) itself, and does not forward the challenge. ${FORWARD}`,
    );
  });

  test("a redirect to another site, where nobody listens", async () => {
    const nobody = await freePort();
    await using env = await behind(`return 302 http://other.test:${nobody}/x;`);
    const { cause, hint } = await failure(env);
    assert.equal(cause, "redirect-elsewhere");
    assert.equal(
      hint,
      `The web server redirects the challenge to http://other.test:${nobody}. Leave ${PATH} out of the redirect, or forward it there too. In nginx, write the redirect as "location / { return 301 ...; }": outside a location it comes first.`,
    );
  });

  test("a redirect to an https that speaks no TLS", async () => {
    const port = await freePort();
    await using env = await behind(
      `return 301 https://$host:${port}$request_uri; } server { listen 0.0.0.0:${port}; return 404;`,
    );
    const { cause, hint } = await failure(env);
    assert.equal(cause, "redirect-tls");
    const where = `https://${env.name}:${port}`;
    assert.ok(
      hint.startsWith(`The web server redirects the challenge to ${where}, where TLS fails. Leave`),
      hint,
    );
  });

  test("a port that nobody listens on", async () => {
    await using env = await behind("");
    const { cause, hint } = await failure(env);
    assert.equal(cause, "refused");
    assert.equal(
      hint,
      `The CA could not connect: nothing listens on port 80 at ${env.host}. Start the web server there, or change the name's A and AAAA records to the host where it runs.`,
    );
  });

  test("a web server that forwards to a port where nobody listens", async () => {
    await using env = await behind(
      `location / { proxy_pass http://127.0.0.1:${await freePort()}; }`,
    );
    const { cause, hint } = await failure(env);
    assert.equal(cause, "gateway");
    assert.match(
      hint,
      /^Nobody asked this program: the web server answered 502\. If it forwards the challenge, then to a place where nothing answers: compare its address with --listen, and in a container with the published port\.$/,
    );
  });

  test("a web server that changes the path", async () => {
    await using env = await behind(`location ${PATH} { ${SET} proxy_pass http://PROGRAM/; }`);
    const { cause, hint, asked } = await failure(env);
    assert.equal(cause, "path-changed");
    assert.match(
      hint,
      /^This program was asked for the answer (once|\d times) \(from 127\.[\d.]+\), but on another path, and said 404\. The web server must forward the path as it is: in nginx, "proxy_pass http:\/\/HOST:PORT;" has nothing after the port\.$/,
    );
    assert.deepEqual(asked?.misplaced.hosts, [env.name]);
  });

  /** nginx that sends every other request to the program, and the others to a server that answers this. */
  const halfWay = async (headers: string, other: string) => {
    const port = await freePort();
    return behind(
      `location / { ${headers} proxy_pass http://both; } }
       server { listen 127.0.0.1:${port}; ${other} }
       upstream both { server PROGRAM; server 127.0.0.1:${port};`,
    );
  };

  test("two servers behind one name, of which one answers 404", async () => {
    await using env = await halfWay(SET, "return 404;");
    const { cause, hint, asked } = await failure(env);
    assert.equal(cause, "two-answers");
    assert.match(
      hint,
      /^This program answered (once|\d times) \(from 127\.[\d.]+\), but the CA also got 404\. All A and AAAA records of the name must lead to one web server that forwards to this program\. Look for a second host, a cache or a CDN\.$/,
    );
    assert.deepEqual(asked?.answered.hosts, [env.name]);
    assert.equal(asked.answered.from.length, 1);
  });

  test("two servers behind one name, with a proxy that does not pass the Host on", async () => {
    await using env = await halfWay("", "return 404;");
    const { cause, hint } = await failure(env);
    assert.equal(cause, "other-host");
    assert.match(
      hint,
      /^This program answered (once|\d times) \(from 127\.0\.0\.1; Host both\), but never with this name as Host\. The CA got 404\. Check what answers for the Host named here\. A proxy must pass the Host on: proxy_set_header Host \$host\.$/,
    );
  });

  test("a name with two addresses, of which the CA asks the one that is not ours", async () => {
    await using env = await behind("location / { proxy_pass http://PROGRAM; }");
    const other = loopbackAddress();
    await pebble.dns.setA(env.name, [other, env.host]);
    const { cause, hint } = await failure(env);
    assert.equal(cause, "refused");
    assert.ok(hint.includes(` port 80 at ${other}. `), hint);
  });

  test("a web server that answers for another account", async () => {
    await using env = await behind(
      `location ~ ^${PATH}(.*)$ { return 200 "$1.${"x".repeat(43)}"; }`,
    );
    const { cause, hint } = await failure(env);
    assert.equal(cause, "other-account");
    assert.equal(
      hint,
      `Nobody asked this program: something else answered for another ACME account. ${ONE_CLIENT}`,
    );
  });

  test("a program that is asked for tokens of another client only", async () => {
    await using env = await behind(
      `location / { rewrite ^ ${PATH}of-another break; ${SET} proxy_pass http://PROGRAM; }`,
    );
    const { cause, hint, asked } = await failure(env);
    assert.equal(cause, "other-client");
    assert.match(
      hint,
      /^This program was never asked for this answer, but (once|\d times) \(from 127\.[\d.]+\) for tokens of this name that it does not know\. The CA got 404\. Let only one/,
    );
    assert.deepEqual(asked?.unknown.hosts, [env.name]);
    assert.equal(asked.answered.count, 0);
  });

  test("a name without an address", async () => {
    await using ca = await startPebble();
    const body = JSON.stringify({ ip: "" });
    const url = `${ca.dns.managementUrl}/set-default-ipv4`;
    assert.equal((await request(url, { method: "POST", body })).status, 200);
    await using env = await behindNginx(ca, "return 404;");
    await ca.dns.clear(env.name);
    const { cause, hint } = await failure(env);
    assert.equal(cause, "no-address");
    assert.equal(
      hint,
      `The CA found no public address for ${env.name} in DNS. Add an A or AAAA record that leads to the web server, or take the name out. Private addresses do not count.`,
    );
  });

  for (const [how, spoil] of [
    [
      "removed",
      (file: string) => {
        rmSync(file);
      },
    ],
    [
      "replaced",
      (file: string) => {
        writeFileSync(file, "something else");
      },
    ],
  ] as const)
    test(`a webroot where somebody has ${how} the answer`, async () => {
      await using env = await behind("return 404;");
      await using root = tempDir();
      const running = failure(env, "--default_root", root.path);
      const folder = join(root.path, PATH);
      const file = await eventually("the answer", () => {
        const [token] = listOf(folder);
        return token !== undefined && join(folder, token);
      });
      spoil(file);
      const { cause, hint, seen } = await running;
      assert.equal(cause, "file-lost");
      assert.deepEqual(seen?.file, { path: file, lost: how });
      assert.equal(
        hint,
        `Somebody ${how} ${file} before the CA was done. Look for what cleans or replaces the webroot during a run: a deployment, another ACME client, or a cron job.`,
      );
    });

  test("a webroot that is served, and that others may not enter", async () => {
    await using root = tempDir();
    const closed = join(root.path, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    chmodSync(root.path, 0o755);
    await using env = await behind("return 403;");
    const { cause, hint } = await failure(env, "--default_root", closed);
    assert.equal(cause, "file-closed");
    assert.equal(
      hint,
      `The web server answered 403, and only the owner and group may use ${closed}. Let the web server's user enter the folders and read the file (chmod o+rX).`,
    );
  });

  test("a hundred names and three causes: each with its names, its words and what to do, the most frequent last", async () => {
    await using env = await behind(
      `server_name ~^a; return 404; } server { listen HERE; server_name ~^b; auth_basic all; auth_basic_user_file /dev/null;`,
    );
    const nobody = loopbackAddress();
    const kinds = [
      ...Array.from({ length: 60 }, (_, n) => `a${n}`),
      ...Array.from({ length: 30 }, (_, n) => `b${n}`),
      ...Array.from({ length: 10 }, (_, n) => `c${n}`),
    ];
    const names = kinds.map((kind) => `${kind}.${env.name}`);
    for (const [index, name] of names.entries())
      await pebble.dns.setA(name, [index < 90 ? env.host : nobody]);
    const words = names.flatMap((name) => ["-d", name]);
    const { stderr } = await env.run(...words);
    const lines = stderr.trimEnd().split("\n");
    for (const line of lines) assert.ok(line.length <= 500, line);
    const [head = "", ...told] = lines.slice(lines.findIndex((line) => line.includes(" error: ")));
    assert.match(
      head,
      / error: The CA did not validate \d+ names: 3 causes, the most frequent last:$/,
    );
    assert.match(told[0] ?? "", /^ {2}10 names: .*refused \(connection\): c\d\..* and \d more$/);
    assert.ok(
      told[1]?.startsWith(
        `  The CA could not connect: nothing listens on port 80 at ${nobody}. St`,
      ),
    );
    assert.match(told[2] ?? "", /^ {2}30 names: .* 401 \(unauthorized\): b\d+\..* and \d+ more$/);
    assert.match(told[3] ?? "", /^ {2}Nobody asked this program: .* 401 itself, so it wants .*\.$/);
    assert.match(
      told.slice(4).join("\n"),
      /^ {2}60 names: .* 404 .*: a\d+\.[^]*Nobody asked .* 404 itself.*AAAA records\.$/,
    );

    const { hint, problems } = errorOf(await env.run(...words, "--log_format", "json"));
    assert.match(hint, /404 itself/);
    const counts = Object.entries(Object.groupBy(problems, ({ cause }) => cause));
    assert.deepEqual(counts.map(([cause, all]) => [cause, all?.length]).sort(), [
      ["locked", 30],
      ["not-forwarded", 60],
      ["refused", 10],
    ]);
  });
});

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
