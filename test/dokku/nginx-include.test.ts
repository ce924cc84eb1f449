import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { geteuid } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { proxyInclude } from "../../src/handoff/nginx.ts";
import { startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { startProcess } from "../support/process.ts";
import { request } from "../support/request.ts";
import { tempDir } from "../support/temp.ts";
import { tls } from "../support/tls.ts";
import { missing } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";

const skip = missing("nginx");
const SCRIPT = resolve("host/nginx-include");

/** An nginx whose server block includes a file that is not there yet. */
async function setting(beside = "") {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const dir = stack.use(tempDir()).path;
  const conf = join(dir, "acme.conf");
  const nginx = stack.use(
    await startNginx(
      `server { listen 127.0.0.1:${port}; include ${dir}/acme*.conf; ${beside} location / { return 200 site; } }`,
    ),
  );
  const command = `nginx -p ${nginx.dir} -c ${nginx.dir}/nginx.conf -e stderr`;
  const include = (verb: string, ...words: string[]) => {
    const { status, stderr } = spawnSync(
      SCRIPT,
      [verb, "--conf", conf, "--nginx", command, ...words],
      { encoding: "utf8" },
    );
    return { status, stderr };
  };
  /** The same beside others; resolves to its exit code. */
  const start = async (verb: string, ...words: string[]) => {
    const args = [verb, "--conf", conf, "--nginx", command, ...words];
    await using child = await startProcess(SCRIPT, args);
    return (await child.exited).code;
  };
  const moved = stack.move();
  return {
    ...{ dir, conf, include, nginx, start, command },
    reloads: () => nginx.log().split("(SIGHUP) received").length - 1,
    /** What nginx answers the CA: 502 when it forwards to where nobody is. */
    status: async () => {
      const url = `http://127.0.0.1:${port}/.well-known/acme-challenge/x`;
      return (await request(url)).status;
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

describe("the include of nginx on a host", { skip, concurrency: 2 }, () => {
  test("enable forwards challenges, disable ends that, each with one reload", async () => {
    await using s = await setting();
    const nobody = String(await freePort());
    assert.deepEqual(s.include("enable", "--port", nobody), {
      status: 0,
      stderr: "",
    });
    assert.equal(readFileSync(s.conf, "utf8"), `${proxyInclude(`127.0.0.1:${nobody}`)}\n`);
    await eventually("nginx forwards", async () => (await s.status()) === 502);
    await eventually("nginx tells of a reload", () => s.reloads() === 1);
    assert.equal(s.include("test").status, 0);
    assert.equal(s.include("enable", "--port", nobody).status, 0);
    assert.equal(s.include("disable").status, 0);
    await eventually("nginx answers", async () => (await s.status()) === 200);
    assert.ok(!existsSync(s.conf));
    assert.equal(s.include("disable").status, 0);
    await eventually("nginx tells of the other", () => s.reloads() >= 2);
    assert.equal(s.reloads(), 2);
  });

  test("a configuration that nginx refuses is left as it was, and not loaded", async () => {
    await using s = await setting();
    writeFileSync(join(s.dir, "acme-broken.conf"), "nonsense;");
    const refused = s.include("enable");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /nothing was changed.*nonsense/s);
    assert.ok(!existsSync(s.conf));
    writeFileSync(join(s.dir, "acme-broken.conf"), "");
    assert.equal(s.include("enable", "--port", "81").status, 0);
    writeFileSync(join(s.dir, "acme-broken.conf"), "nonsense;");
    const before = readFileSync(s.conf, "utf8");
    assert.equal(s.include("enable", "--port", "82").status, 1);
    assert.equal(readFileSync(s.conf, "utf8"), before);
    assert.equal(s.include("disable").status, 1);
    assert.equal(readFileSync(s.conf, "utf8"), before);
    await eventually("a reload", () => s.reloads() === 1);
    assert.equal(s.include("test").status, 1);
  });

  test("a reload that fails is undone as well", async () => {
    await using s = await setting();
    const { status, stderr } = s.include("enable", "--reload-cmd", "false");
    assert.equal(status, 1);
    assert.match(stderr, /could not be reloaded/);
    assert.ok(!existsSync(s.conf));
  });

  test("what a killed run had placed but not loaded is loaded by the next", async () => {
    await using s = await setting();
    // Its parent is the shell of a command substitution.
    const killer = `kill -9 $(ps -o ppid= $PPID)`;
    const script = join(s.dir, "killer");
    writeFileSync(script, `#!/bin/sh\n${killer}\n`, { mode: 0o755 });
    assert.equal(s.include("enable", "--reload-cmd", script).status, null);
    assert.equal(s.reloads(), 0);
    assert.equal(s.include("enable").status, 0);
    await eventually("a reload", () => s.reloads() === 1);
    await eventually("nginx forwards", async () => (await s.status()) === 502);
  });

  test("runs at once wait for each other, and one that fails undoes nothing of another", async () => {
    await using s = await setting();
    const script = (name: string, ...lines: string[]) => {
      const file = join(s.dir, name);
      writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
      chmodSync(file, 0o755);
      return file;
    };
    const began = join(s.dir, "began");
    const refuse = script("refuse", `: >${began}`, "sleep 0.3", "exit 1");
    const failing = s.start("enable", "--port", "81", "--test-cmd", refuse);
    await eventually("nginx is asked", () => existsSync(began));
    assert.equal(await s.start("enable", "--port", "82"), 0);
    assert.equal(await failing, 1);
    assert.match(readFileSync(s.conf, "utf8"), /:82;/);

    for (let round = 0; round < 12; round += 1) {
      const [good, bad] = [String(1000 + round), String(2000 + round)];
      const codes = await Promise.all([
        s.start("enable", "--port", good),
        sleep(round * 10).then(() => s.start("enable", "--port", bad, "--test-cmd", "false")),
        s.start("enable", "--port", good),
      ]);
      assert.deepEqual(codes, [0, 1, 0], `round ${round}`);
      assert.match(readFileSync(s.conf, "utf8"), new RegExp(`:${good};`));
      const left = readdirSync(s.dir).filter((file) => file.includes("acme"));
      assert.deepEqual(left, ["acme.conf"], `round ${round}`);
    }
  });

  test("without flock nothing is done, and one sentence says what to install", async () => {
    await using s = await setting();
    const { stdout } = spawnSync("bash", ["-c", "command -v realpath"], {
      encoding: "utf8",
    });
    const bin = join(s.dir, "bin");
    spawnSync("mkdir", [bin]);
    for (const tool of ["bash", "env", "cat", "dirname", "stat", "realpath"])
      symlinkSync(join(stdout.trim(), "..", tool), join(bin, tool));
    const { status, stderr } = spawnSync(
      SCRIPT,
      ["enable", "--conf", s.conf, "--nginx", s.command],
      { encoding: "utf8", env: { PATH: bin } },
    );
    assert.equal(status, 2);
    assert.match(stderr, /^nginx-include: flock .*install util-linux\.\n$/);
    assert.ok(!existsSync(s.conf));
  });

  test("whatever the umask, only its user may write to the include", async () => {
    for (const umask of ["000", "077"]) {
      await using s = await setting();
      const run = (...words: string[]) =>
        spawnSync(
          "bash",
          [
            ...["-c", 'umask "$0"; "$@"', umask, SCRIPT, ...words],
            ...["--conf", s.conf, "--nginx", s.command],
          ],
          { encoding: "utf8" },
        );
      const { status, stderr } = run("enable");
      assert.equal(status, 0, stderr);
      assert.equal(statSync(s.conf).mode & 0o777, 0o644);
      chmodSync(s.conf, 0o666);
      assert.equal(run("enable").status, 0);
      assert.equal(statSync(s.conf).mode & 0o777, 0o644);
    }
  });

  for (const name of [".new", ".pending", ".before"])
    test(`nothing is written through a link at FILE${name}`, async () => {
      await using s = await setting();
      const victim = join(s.dir, "victim");
      writeFileSync(victim, "precious");
      for (const port of ["81", "82"]) {
        if (!existsSync(s.conf + name)) symlinkSync(victim, s.conf + name);
        assert.equal(s.include("enable", "--port", port).status, 0);
        assert.match(readFileSync(s.conf, "utf8"), new RegExp(`:${port};`));
        assert.ok(lstatSync(s.conf).isFile());
        assert.equal(readFileSync(victim, "utf8"), "precious");
      }
    });

  test("a link at FILE gives way to the include, and comes back when nginx refuses", async () => {
    await using s = await setting();
    const victim = join(s.dir, "victim");
    writeFileSync(victim, "# precious\n");
    symlinkSync(victim, s.conf);
    assert.equal(s.include("enable", "--test-cmd", "false").status, 1);
    assert.ok(lstatSync(s.conf).isSymbolicLink());
    assert.equal(s.include("enable").status, 0);
    assert.ok(lstatSync(s.conf).isFile());
    assert.equal(readFileSync(victim, "utf8"), "# precious\n");
  });

  const notRoot = geteuid?.() !== 0 && "only root can make links of others";
  for (const [name, says] of [
    ["", /acme\.conf is a link of another user/],
    [".pending", /acme\.conf\.pending is another user's/],
    [".before", /acme\.conf\.before is another user's/],
  ] as const)
    test(`a link of another user at FILE${name} is refused`, { skip: notRoot }, async () => {
      await using s = await setting();
      const victim = join(s.dir, "victim");
      writeFileSync(victim, "# precious\n");
      symlinkSync(victim, s.conf + name);
      lchownSync(s.conf + name, 12345, 12345);
      for (const verb of ["enable", "disable"]) {
        const { status, stderr } = s.include(verb);
        assert.equal(status, 2, stderr);
        assert.match(stderr, says);
      }
      assert.ok(lstatSync(s.conf + name).isSymbolicLink());
      assert.equal(existsSync(s.conf), name === "");
      assert.equal(readFileSync(victim, "utf8"), "# precious\n");
      assert.equal(s.reloads(), 0);
    });

  test("another text is taken from the standard input or a file", async () => {
    await using s = await setting();
    const text = join(s.dir, "text");
    writeFileSync(text, "location /x { return 204; }\n");
    assert.equal(s.include("enable", "--text", text).status, 0);
    assert.equal(readFileSync(s.conf, "utf8"), readFileSync(text, "utf8"));
  });

  test("wrong words are told, with exit code 2", async () => {
    await using s = await setting();
    for (const [words, message] of [
      [["enable", "--port", "http"], /--port http/],
      [["enable", "--nonsense", "1"], /--nonsense is not an option/],
      [["enable", "--port"], /needs a value/],
      [["enable", "--conf", "/nowhere/x.conf"], /\/nowhere does not exist/],
      [["nonsense"], /Usage/],
    ] as const) {
      const [verb, ...rest] = words;
      const { status, stderr } = s.include(verb, ...rest);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
    assert.match(spawnSync(SCRIPT, ["enable"], { encoding: "utf8" }).stderr, /no --conf/);
  });

  test("an include that no server block takes is not called loaded", async () => {
    await using s = await setting();
    const other = join(s.dir, "other.conf");
    writeFileSync(other, "");
    const { status, stderr } = s.include("test", "--conf", other);
    assert.equal(status, 1);
    assert.match(stderr, /no server block of nginx includes .*acme\.conf/);
  });

  /** What stands beside the locations, whether the CA gets through, and what is said of it. */
  const servers: [string, string, RegExp | undefined][] = [
    ["a return", "return 301 https://$host$request_uri;", /return 301 https/],
    ["a return of an error", "return 404;", /return 404/],
    ["a rewrite of all", "rewrite ^ https://$host/ permanent;", /rewrite \^/],
    ["a return in an if", "if ($scheme = http) {\n return 301 https://$host/; }", /return 301/],
    [
      "a return in a file of its own",
      "include ${dir}/redirect.inc;",
      /redirect\.inc:2: "return 302 https/,
    ],
    [
      "one behind quotes, comments and braces",
      "set $a \"} # {\"; # return 302 x; }\n set $b ${a}x; return 303 'https://x.test/; }';",
      /return 303 https:\/\/x\.test\/; \}"/,
    ],
    [
      "one beside a location in a location",
      "location /a/ { location /a/b { return 200; } } return 307 /x;",
      /return 307 \/x/,
    ],
    ["a return in a location", "location /x { return 301 /y; }", undefined],
    [
      "a return in a location with an if",
      "location /x { if ($host = y) { return 301 /y; } }",
      undefined,
    ],
    ["a rewrite of another path", "rewrite ^/(?:old|x)$ /new last;", undefined],
    [
      "a return in an if that leaves the path out",
      'if ($request_uri !~ "^/\\.well-known/(?:acme-challenge)/") { return 301 https://$host$request_uri; }',
      undefined,
    ],
    [
      "a refusal in an if of methods",
      'if ($request_method !~ "^(GET|HEAD)$") { return 405; }',
      undefined,
    ],
    ["a comment", "# return 301 https://$host;\n", undefined],
  ];
  for (const [statement, beside, said] of servers)
    test(`${statement}: ${said ? "enable warns and test fails" : "nothing is said"}`, async () => {
      await using extra = tempDir();
      writeFileSync(join(extra.path, "redirect.inc"), "# first line\nreturn 302 https://$host/;\n");
      await using s = await setting(beside.replace("${dir}", extra.path));
      const nobody = String(await freePort());
      const enabled = s.include("enable", "--port", nobody);
      assert.equal(enabled.status, 0);
      const tested = s.include("test");
      await eventually("nginx reloads", () => s.reloads() === 1);
      if (said === undefined) {
        assert.equal(enabled.stderr, "");
        assert.deepEqual(tested, { status: 0, stderr: "" });
        await eventually("nginx forwards", async () => {
          return (await s.status()) === 502;
        });
      } else {
        assert.match(enabled.stderr, /^nginx-include: warning: \/\S+:\d+: "/);
        assert.match(enabled.stderr, said);
        assert.match(enabled.stderr, /Move it into "location \/ \{/);
        assert.equal(tested.status, 1);
        assert.match(tested.stderr, said);
        assert.notEqual(await s.status(), 502);
      }
    });

  test("servers with TLS, and those without the include, may redirect as they like", async () => {
    const { certFile, keyFile } = await tls();
    await using s = await setting(
      `location /z { return 204; } }
       server { listen 127.0.0.1:${await freePort()}; return 301 https://$host/; }
       server { listen 127.0.0.1:${await freePort()} ssl; ssl_certificate ${certFile};
         ssl_certificate_key ${keyFile}; return 301 https://www.$host/;`,
    );
    assert.equal(s.include("enable").stderr, "");
    assert.equal(s.include("test").status, 0);
  });
});
