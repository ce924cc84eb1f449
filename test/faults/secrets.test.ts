import assert from "node:assert/strict";
import { createPrivateKey, randomBytes, type webcrypto } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { STATE_FILE } from "../../src/store/state.ts";
import { MAIN, startCli } from "../support/cli.ts";
import { dnsHook, type Hook } from "../support/hook.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { problem, type Recorder, startRecorder } from "../support/recorder.ts";
import { asVariables } from "../support/variables.ts";
import { tempDir, type TempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { tell } from "./tally.ts";

const skip = missing("pebble");
const KID = "kid-1";

/** What a run said and showed: its output, and the command lines and environments of all its processes that were seen. */
interface Shown {
  output: string;
  words: string;
}

describe("secrets", { skip }, () => {
  const hmac = randomBytes(32).toString("base64url");
  const token = `dns-${randomBytes(12).toString("hex")}`;
  const inUrl = `url-${randomBytes(12).toString("hex")}`;
  const password = `p12-${randomBytes(12).toString("hex")}`;
  const seen = { all: "", runs: 0 };
  let stack: AsyncDisposableStack;
  let pebble: Pebble;
  let recorder: Recorder;
  let hook: Hook;
  let dir: TempDir;
  let files: { hmac: string; password: string };

  before(async () => {
    stack = new AsyncDisposableStack();
    pebble = stack.use(await startPebble({ eab: { [KID]: hmac } }));
    recorder = stack.use(await startRecorder(pebble));
    hook = stack.use(dnsHook(pebble.dns.managementUrl));
    dir = stack.use(tempDir());
    files = {
      hmac: join(dir.path, "..hmac"),
      password: join(dir.path, "..password"),
    };
    writeFileSync(files.hmac, hmac);
    writeFileSync(files.password, password);
  });
  after(() => stack.disposeAsync());

  /** Runs the program, and adds all it shows to what must have no secret in it. */
  const run = async (
    words: string[],
    input = "",
    env: Record<string, string> = {},
  ): Promise<Shown> => {
    const atCa = asVariables([
      ...["--ca_bundle", recorder.caFile, "--certs_dir", dir.path],
      ...["--server", recorder.directoryUrl],
    ]);
    await using child = await startCli([...words, ...["-v", "--log_format", "json"]], {
      input,
      env: { ...hook.env, ...atCa, DNS_TOKEN: token, ...env },
    });
    const ended = { yet: false };
    const exit = child.exited.then(() => (ended.yet = true));
    let shown = "";
    while (!ended.yet) {
      shown += wordsOf(child.pid);
      await pause(10);
    }
    await exit;
    const output = child.output();
    seen.runs += 1;
    seen.all += output + shown;
    return { output, words: shown };
  };
  /** The same with no other CA than what the environment says. */
  const runOnly = async (env: Record<string, string>): Promise<void> => {
    const words = ["-d", "a.test", "-v", "--certs_dir", dir.path];
    await using child = await startCli(words, { env });
    await child.exited;
    seen.runs += 1;
    seen.all += child.output();
  };
  const issue = (...words: string[]) =>
    run([
      ...["--email", "me@a.test", "--dns", "exec", "--dns_exec", hook.file],
      ...["--dns_resolvers", pebble.dns.address],
      ...["--eab_kid", KID, "--eab_hmac_key_file", files.hmac],
      ...["--pkcs12_password_file", files.password],
      ...words,
    ]);

  test("are in no output, command line or environment that was not given them, in any verb, well or not", async (t) => {
    const ok = await issue("-d", "a.test", "-d", "*.a.test");
    assert.match(ok.output, /"event":"issued"/);
    assert.ok(ok.words.includes(MAIN), "no command line was seen");
    assert.match(
      (await issue("-d", "a.test", "--force", "--key_type", "rsa2048")).output,
      /"event":"issued"/,
    );
    // What goes wrong says more than what goes well.
    for (const [kind, status] of [
      ["new-order", 403],
      ["finalize", 500],
      ["certificate", 404],
    ] as const) {
      const fault = recorder.inject({
        kind,
        answer: problem("unauthorized", status),
      });
      await issue("-d", `b${status}.test`, "--force");
      assert.ok(fault.hits() > 0, kind);
      fault.remove();
    }
    writeFileSync(join(dir.path, "key.pem.bad"), "damaged");
    await issue("-d", "a.test", "--force", "--dns_exec", "/nowhere");
    await issue("-d", "a.test", "--eab_hmac_key_file", "/nowhere");
    const account = ["--email", "me@a.test"];
    await run(["account", "show", ...account]);
    await run(["account", "rollover", ...account]);
    await run(["nginx", "--stateless", ...account]);
    await run(["status", "--json"]);
    await run(["status"]);
    await run(["renew"]);
    await run(
      ["batch", "-"],
      JSON.stringify({
        targets: [{ names: ["c.test"], eab_kid: KID, eab_hmac_key: hmac }],
      }),
    );
    await run(
      ["batch", "-"],
      JSON.stringify({
        targets: [{ names: "c.test", eab_kid: KID, eab_hmac_key: `${hmac}!` }],
      }),
    );
    await run(
      ["dokku"],
      JSON.stringify({
        blog: {
          ...{ "+domains": "d.test", email: "me@a.test" },
          ...{ "eab-kid": KID, "eab-hmac-key": hmac },
          ...{ "dns-provider": "exec", "dns-provider-EXEC_PATH": hook.file },
          "dns-provider-TOKEN": token,
        },
      }),
    );
    // The command line that has it is not the program's doing: the environment stands for options.
    const url = `https://me:${inUrl}@localhost:1/dir`;
    for (const address of [url, url.replace("localhost", "no such host")]) {
      await runOnly({ ACME_SIDECAR_SERVER: address });
      for (const proxy of [address, address.slice("https://".length)])
        await run(["-d", "a.test", "--force"], "", { HTTPS_PROXY: proxy });
      const targets = [{ names: "c.test", server: address }];
      await run(["batch", "-"], JSON.stringify({ targets }));
      const blog = { "+domains": "d.test", server: address };
      await run(["dokku"], JSON.stringify({ blog }));
    }
    for (const [kind, member] of [
      ["directory", "newOrder"],
      ["new-order", "finalize"],
    ] as const) {
      // It has the directory, which is asked for only if it is not remembered.
      await rm(join(dir.path, STATE_FILE));
      const fault = recorder.inject({
        kind,
        alter: ({ body }) => ({
          body: JSON.stringify({
            ...(JSON.parse(body) as object),
            [member]: url,
          }),
        }),
      });
      await issue("-d", "b.test", "--force");
      assert.ok(fault.hits() > 0, kind);
      fault.remove();
    }
    const moved = recorder.inject({
      kind: "new-order",
      alter: () => ({ headers: { location: url } }),
    });
    await issue("-d", "b.test", "--force");
    assert.ok(moved.hits() > 0);
    moved.remove();
    // The only verb that gives out a key, to show that one would be found.
    const { all, runs } = seen;
    await rm(join(dir.path, "c.test"), { recursive: true, force: true });
    const given = await run(["tar"]);
    const keys = secretsIn(dir.path);
    assert.ok(keys.some((secret) => given.output.includes(secret)));
    Object.assign(seen, { all, runs });
    await run(["revoke", ...account]);
    await run(["account", "deactivate", "--yes", ...account]);

    const secrets = secretsIn(dir.path);
    assert.ok(secrets.length > 8, String(secrets.length));
    const found = [...secrets, hmac, password, inUrl].filter((secret) => seen.all.includes(secret));
    assert.deepEqual(found, []);
    assert.deepEqual(filesWith(dir.path, inUrl), []);
    // The programs that set records have what is theirs, and nothing that is for the CA.
    const calls = JSON.stringify(hook.calls());
    assert.ok(calls.includes(token));
    assert.ok(!calls.includes(hmac) && !calls.includes(password));
    assert.ok(!calls.includes("ACME_SIDECAR_"));
    const fault = "Secrets in output, arguments, environments";
    tell(t, { fault, tried: seen.runs, survived: seen.runs, lost: 0 });
  });
});

/** The command lines of a process and its children. */
function wordsOf(pid: number): string {
  const read = (file: string) => {
    try {
      return readFileSync(file, "latin1");
    } catch {
      return "";
    }
  };
  const children = read(`/proc/${pid}/task/${pid}/children`).trim();
  return [pid, ...children.split(" ").filter((text) => text !== "")]
    .map((each) => read(`/proc/${each}/cmdline`))
    .join("\n");
}

/** The files below a folder that have a text in them. */
function filesWith(dir: string, text: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      statSync(join(dir, file)).isFile() && readFileSync(join(dir, file), "latin1").includes(text),
  );
}

/** Every form of every private key below a folder that somebody could make use of. */
function secretsIn(dir: string): string[] {
  const found = new Set<string>();
  for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    const path = join(dir, file);
    if (!/account_key\.json|key\.pem$/.test(file) || !existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    const key = createPrivateKey(
      text.startsWith("{")
        ? { key: JSON.parse(text) as webcrypto.JsonWebKey, format: "jwk" }
        : text,
    );
    const jwk = key.export({ format: "jwk" });
    for (const part of [jwk.d, jwk.p, jwk.q, jwk.dp].filter(Boolean)) {
      const bytes = Buffer.from(String(part), "base64url");
      found.add(String(part)).add(bytes.toString("base64"));
      found.add(bytes.toString("hex")).add(bytes.toString("latin1"));
    }
    const pem = key.export({ type: "pkcs8", format: "pem" });
    for (const line of pem.split("\n").slice(1, -2)) found.add(line);
  }
  return [...found];
}
