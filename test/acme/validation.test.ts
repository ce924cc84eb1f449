import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { behindNginx } from "../support/behind.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { run } from "../support/process.ts";
import type { Site } from "../support/simp_le.ts";
import { tls } from "../support/tls.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble", "nginx");
const CHALLENGE = "/.well-known/acme-challenge/";

interface Problem {
  name: string;
  code: string;
  detail: string;
  address?: string;
  status?: number;
}
interface Line {
  event: string;
  level: string;
  message: string;
  error?: { message: string; hint: string; problems: Problem[] };
}
const parsed = ({ stderr }: CliResult) =>
  stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("a validation that fails", { skip, concurrency: 2 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  const behind = (server: string) => behindNginx(pebble, server);

  async function failure(env: Pick<Site, "run" | "name">) {
    const result = await env.run("-d", env.name, "--log_format", "json");
    assert.equal(result.code, 2, result.stderr);
    const { error } = parsed(result).at(-1) ?? {};
    const [problem] = error?.problems ?? [];
    assert.ok(error && problem);
    return { hint: error.hint, problem };
  }

  test("behind a redirect of the whole server to an https that is refused names the redirect, and how to write it", async () => {
    const nobody = await freePort();
    await using env = await behind(`return 301 https://$host:${nobody}$request_uri;`);
    const { hint, problem } = await failure(env);
    assert.ok(
      hint.startsWith(
        `The web server redirects the challenge to https://${env.name}:${nobody}. Leave /.well-known/acme-challenge/ out of`,
      ),
      hint,
    );
    assert.match(hint, /location \/ \{ return 301 \.\.\.; \}/);
    assert.doesNotMatch(hint, /A and AAAA|never reached/);
    assert.equal(problem.name, env.name);
    assert.equal(problem.code, "connection");
    assert.equal(problem.address, env.host);
  });

  /** A redirect to an https server that answers 404. */
  async function redirected() {
    const { certFile, keyFile } = await tls();
    const port = await freePort();
    const env = await behind(
      `return 301 https://$host:${port}/; }
       server { listen 0.0.0.0:${port} ssl; ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; return 404;`,
    );
    return { ...env, port };
  }

  test("behind a redirect to an https that answers 404, which Pebble does not tell, says what answered", async () => {
    await using env = await redirected();
    const { hint, problem } = await failure(env);
    assert.match(hint, /answered 404 itself, and does not forward/);
    assert.doesNotMatch(hint, /never reached/);
    assert.equal(problem.status, 404);
  });

  test("behind a redirect that the CA's records of the validation tell of names it", async () => {
    await using env = await redirected();
    const { name, host, port } = env;
    const step = (url: string) => ({
      ...{ url, hostname: name, port: "80", addressUsed: host },
      addressesResolved: [host],
    });
    env.recorder.inject({
      kind: "authorization",
      alter: ({ body }) => {
        const authorization = JSON.parse(body) as {
          challenges: { error?: object; validationRecord?: object[] }[];
        };
        for (const challenge of authorization.challenges)
          if (challenge.error)
            challenge.validationRecord = [
              step(`http://${name}${CHALLENGE}x`),
              step(`https://${name}:${port}/`),
            ];
        return { body: JSON.stringify(authorization) };
      },
    });
    const { hint, problem } = await failure(env);
    assert.ok(hint.includes(`redirects the challenge to https://${name}:${port}.`), hint);
    assert.equal(problem.address, host);
  });

  test("at a site that answers 404 says so, and that it does not forward", async () => {
    await using env = await behind("location / { return 404; }");
    const { hint } = await failure(env);
    assert.match(hint, /answered 404 itself, and does not forward/);
    assert.doesNotMatch(hint, /never reached/);
  });

  test("at a site that answers a page of its own says so, and not what is in the page", async () => {
    await using env = await behind(`return 200 "${"page ".repeat(500)}";`);
    const { code, stderr } = await env.run("-d", env.name);
    assert.equal(code, 2);
    assert.match(stderr, /answered something else itself, and does not forward/);
    bounded(stderr);
  });

  test("for a webroot says that the folder is not what is served", async () => {
    await using env = await behind("location / { return 404; }");
    const { code, stderr } = await env.run(...["-d", env.name, "--default_root", env.certs.path]);
    assert.equal(code, 2);
    assert.match(stderr, /answered 404 itself, while the answer was in .*\. It must serve/);
  });

  test("where nothing listens says that the CA could not connect", async () => {
    await using env = await behind("");
    const { hint, problem } = await failure(env);
    assert.match(hint, /^The CA could not connect: nothing listens on port 80 at 127/);
    assert.equal(problem.address, env.host);
    assert.equal(problem.code, "connection");
  });

  test("for a hundred names and one reason is one readable line, on a terminal five in all; -v and JSON have every name", async () => {
    await using env = await behind("location / { return 404; }");
    const names = Array.from({ length: 100 }, (_, n) => `n${n}.${env.name}`);
    for (const name of names) await pebble.dns.setA(name, [env.host]);
    const wishes = names.flatMap((name) => ["-d", name]);

    const terminal = await onTerminal([
      "--certs_dir",
      env.certs.path,
      ...env.options,
      ...env.own,
      ...wishes,
    ]);
    bounded(terminal);
    assert.ok(terminal.trim().split("\n").length <= 5, terminal);
    const [text = "", last = ""] = terminal.trim().split("\n").slice(-2);
    assert.match(
      text,
      /did not validate \d+ names: .* 404 \(unauthorized\): n\d.* and \d\d more\.$/,
    );
    assert.match(last, /^ {2}Nobody asked this program: the web server answered 404 itself/);
    assert.match(last, /or correct the name's A and AAAA records\.$/);

    const piped = await env.run(...wishes);
    bounded(piped.stderr);
    assert.match(piped.stderr, /validating n\d+\..* and 9\d more\./);

    // The CA may give up on the order before it has asked for the last names.
    const verbose = await env.run(...wishes, "-v");
    const told = names.filter((name) => new RegExp(` debug: ${name}: .*404`).test(verbose.stderr));
    assert.ok(told.length > 50 && verbose.stderr.includes(`not validate ${told.length} names: `));

    const json = await env.run(...wishes, "--log_format", "json");
    const { message = "", problems = [] } = parsed(json).at(-1)?.error ?? {};
    assert.ok(problems.length > 50 && message.includes(`not validate ${problems.length} names: `));
    assert.ok(problems.every(({ name }) => names.includes(name)));
    for (const { code, detail, name } of problems) {
      assert.equal(code, "unauthorized");
      assert.ok(detail.includes(name), detail);
    }
  });

  test("of a hundred targets for two reasons is told once for each, and counted at the end", async () => {
    await using env = await behind("location / { return 404; }");
    const names = Array.from({ length: 100 }, (_, n) => `n${n}.${env.name}`);
    const nobody = loopbackAddress();
    for (const [index, name] of names.entries())
      await pebble.dns.setA(name, [index < 90 ? env.host : nobody]);
    const input = JSON.stringify({
      targets: names.map((name) => ({ names: [name] })),
    });
    const options = ["--certs_dir", env.certs.path, ...env.options, ...env.own];
    const batch = (...words: string[]) => runCli(["batch", "-", ...options, ...words], { input });
    const { code, stderr } = await batch();
    assert.equal(code, 2);
    bounded(stderr);
    const lines = stderr.trim().split("\n");
    assert.equal(lines.filter((line) => / error: /.test(line)).length, 2);
    assert.ok(lines.length <= 12, stderr);
    // What to do follows, on the same line or on the next.
    assert.match(stderr, /warn: 90 failed: .* 404 .*: n0\..* and 8\d more\.\s+Nobody asked/);
    assert.match(stderr, /warn: 10 failed: .*refused.*: n9\d.* and \d more\.\s+The CA could/);
    assert.match(lines.at(-1) ?? "", /100 targets: 0 issued, 0 kept, 100 failed \(n0\./);

    const again = await batch("--retry", "--log_format", "json");
    const failed = parsed(again).filter(({ event }) => event === "failed");
    assert.equal(failed.length, 100);
    assert.ok(failed.every(({ error }) => error?.problems.length === 1));
  });

  function bounded(text: string): void {
    for (const line of text.split("\n")) assert.ok(line.length <= 500, `${line.length}: ${line}`);
  }

  /** The messages that the program writes to a terminal. On this one it draws nothing over. */
  async function onTerminal(words: string[]): Promise<string> {
    const quoted = [process.execPath, process.env["PROGRAM"] ?? "src/main.ts"]
      .concat(words)
      .map((word) => `'${word}'`)
      .join(" ");
    const output = await run("script", ["-qc", `TERM=dumb ${quoted}`, "/dev/null"]);
    return output.replace(/\u001b\[\d+m|\r/g, "");
  }
});
