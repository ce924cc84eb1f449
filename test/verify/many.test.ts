import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBundle } from "../support/certificates.ts";
import { startNginx } from "../support/nginx.ts";
import { freePort, loopbackAddress } from "../support/ports.ts";
import { startOnScreen } from "../support/screen.ts";
import { certsDir, rsaAccount, simpLeFiles } from "../support/simp_le.ts";
import { table } from "../support/table.ts";
import { missing } from "../support/tools.ts";

/** A folder with a new certificate for these names. */
function certified(names: string[]) {
  const certs = certsDir();
  certs.write(simpLeFiles(makeBundle({ names }), rsaAccount()));
  return certs;
}

test(
  "verify says one cause of many names once, and for how many names something is wrong",
  { skip: missing("nginx", "openssl") },
  async () => {
    await using certs = certified(["a.many.test", "b.many.test", "c.many.test", "d.other.test"]);
    await using other = certified(["else.test"]);
    const at = `${loopbackAddress()}:${await freePort()}`;
    const server = (name: string, dir: string) =>
      `server { listen ${at} ssl; server_name ${name}; ssl_certificate ${dir}/fullchain.pem; ssl_certificate_key ${dir}/key.pem; }`;
    await using _nginx = await startNginx(
      server("else.test", other.path) + server("d.other.test", certs.path),
    );
    const { code, stdout } = await certs.run("verify", "--address", at);
    assert.deepEqual(stdout.trimEnd().split("\n\n"), [
      table(
        ["a.many.test", at, "other-name"],
        ["b.many.test", at, "other-name"],
        ["c.many.test", at, "other-name"],
        ["d.other.test", at, "ok"],
      ),
      `other-name: a.many.test at ${at} serves a certificate for else.test. The same goes for b.many.test, c.many.test.\n  Another server block answers, perhaps the default one: write "server_name a.many.test;" in the block that loads these files, and reload.`,
      "The right certificate is not served for 3 of 4 names. Correct what stands above, and verify again.",
    ]);
    assert.equal(code, 1);
  },
);

for (const columns of [40, 80])
  test(
    `at a terminal of ${columns} columns verify cuts no word, and no line is too long`,
    { skip: missing("tmux", "openssl") },
    async () => {
      await using certs = certified(["a.long-name-of-a-shop.test", "b.long-name-of-a-shop.test"]);
      const at = `127.0.0.1:${await freePort()}`;
      const words = ["verify", certs.path, "--address", at];
      await using screen = await startOnScreen(words, { columns });
      assert.equal(await screen.exited(), 1);
      const lines = await screen.history();
      for (const line of lines) assert.ok(line.length < columns, line);
      assert.match(lines[0] ?? "", columns === 80 ? /^NAME +ADDRESS +VERDICT$/ : /^NAME +VERDICT$/);
      const text = lines.join(" ").replaceAll(/ +/g, " ");
      const start = `refused: a.long-name-of-a-shop.test at ${at} refuses the connection. The same goes for b.long`;
      assert.ok(text.includes(start), text);
      assert.match(
        text,
        /server, publish its port, or correct the A and AAAA records of the name\. /,
      );
      assert.match(await screen.coloured(), /\u001b\[31mrefused/);
    },
  );
