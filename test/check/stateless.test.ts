import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../support/cli.ts";
import { portSkip } from "../support/knot.ts";
import { startNginx } from "../support/nginx.ts";
import { loopbackAddress } from "../support/ports.ts";
import { tempDir } from "../support/temp.ts";
import { missing } from "../support/tools.ts";
import { said, site, startSetting, verdicts } from "./setting.ts";

const skip = missing("pebble", "nginx", "knotd") || (await portSkip());

test(
  "a web server that answers by itself: for this account, and for another",
  { skip },
  async () => {
    const [own, strange, none] = [loopbackAddress(), loopbackAddress(), loopbackAddress()];
    await using setting = await startSetting(
      `own.check A ${own}\nstrange.check A ${strange}\nnone.check A ${none}`,
    );
    await using other = tempDir();
    const block = async (words: string[]) => {
      const { stdout, stderr } = await runCli(["nginx", "--stateless", ...words]);
      assert.match(stdout, /^location/, stderr);
      return stdout;
    };
    const place = setting.words.flatMap((word, index, all) =>
      word === "--certs_dir" ? [word, String(all[index + 1])] : [],
    );
    // Without the account's key the thumbprint cannot be compared.
    const strangeBlock = await block(["--certs_dir", other.path]);
    await using nginx = await startNginx(
      site(strange, strangeBlock) + site(none, "location / { return 404; }"),
    );
    const early = await setting.check(["strange.check.test"], "--stateless");
    assert.deepEqual(verdicts(early), [`strange.check.test ${strange} ok`]);

    await nginx.reload(
      site(own, await block(place)) +
        site(strange, strangeBlock) +
        site(none, "location / { return 404; }"),
    );
    const checked = await setting.check(["own.check.test"], "--stateless");
    assert.deepEqual(verdicts(checked), [`own.check.test ${own} ok`]);
    assert.deepEqual(
      said(await setting.check(["strange.check.test"], "--stateless"), "wrong-account"),
      [
        `The web server at ${strange} answers for strange.check.test with the thumbprint of another account. Print the block again with acme-sidecar nginx --stateless and the same folder, and load it.`,
      ],
    );
    assert.deepEqual(said(await setting.check(["none.check.test"], "--stateless"), "not-found"), [
      `The web server at ${none} answers 404 for none.check.test, so the CA would not find the file. Put the block that acme-sidecar nginx --stateless prints into the server block of this name on port 80, and reload it; if ${none} is not this server, correct the A record.`,
    ]);
  },
);
