import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { certificateId } from "../../src/acme/renewal-info.ts";
import { decide } from "../../src/core/decide.ts";
import { record } from "../../src/core/record.ts";
import { revive } from "../../src/core/revive.ts";
import { triage } from "../../src/core/many/triage.ts";
import { parseName } from "../../src/name.ts";
import { readCertbot } from "../../src/store/foreign/certbot.ts";
import type { Foreign } from "../../src/store/foreign/foreign.ts";
import { type FormatName, FORMAT_NAMES, FORMATS } from "../../src/store/formats.ts";
import { readJwk, writeJwk } from "../../src/store/jwk.ts";
import { readLego } from "../../src/store/foreign/lego.ts";
import { loadSet, saveSet } from "../../src/store/set.ts";
import { loadState, saveState, STATE_FILE } from "../../src/store/state.ts";
import { makeBundle } from "../support/certificates.ts";
import { tempDir } from "../support/temp.ts";
import {
  damaged,
  damagedJson,
  damagedJsonText,
  damagedText,
  holds,
  noise,
  orRefused,
} from "./mutations.ts";
import { draftOf } from "../support/words.ts";
import { readSecrets } from "../../src/commands/secrets.ts";

const bundle = makeBundle();
const bundles = [bundle, makeBundle({ rsa: 2048, names: ["*.b.test", "b.test"] })];
const registration = {
  uri: "https://ca.test/acct/1",
  body: { status: "valid", contact: ["mailto:a@a.test"] },
};
const now = new Date("2026-01-01T00:00:00Z");

describe("files in folders", () => {
  const right = FORMAT_NAMES.flatMap((name) =>
    bundles.map(
      (bundle) =>
        [
          name,
          Buffer.from(
            FORMATS[name].encode({
              ...bundle,
              accountKey: bundle.key,
              registration,
            }) ?? "",
          ),
        ] as const,
    ),
  );
  const file = fc.constantFrom(...right).chain(([name, data]) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        damaged(data),
        noise.map((text) => Buffer.from(text)),
      ),
    ),
  );

  test("a damaged file of a set is refused by its name", async (t) => {
    await using dir = tempDir();
    await holds(t, file, async ([name, data]) => {
      writeFileSync(join(dir.path, name), data);
      const place = { dir: dir.path, formats: [name] as FormatName[] };
      await orRefused(() => loadSet(place), ["bad-file", "disagreeing-files"], name);
    });
  });

  test("what is written is read back as the same, in each format", async (t) => {
    await holds(t, fc.constantFrom(...right), ([name, data]) => {
      const again = FORMATS[name].encode(FORMATS[name].decode(data));
      assert.deepEqual(Buffer.from(again ?? ""), data);
    });
  });

  test("a JSON Web Key is read, and written as it was, or refused in a sentence", async (t) => {
    const keys = bundles.map(({ key }) => writeJwk(key));
    const bare = keys.map(({ n, e, d, kty, ...others }) =>
      kty === "RSA" ? { n, e, d, kty } : { ...others, d, kty },
    );
    await holds(t, damagedJson(...keys, ...bare), (jwk) => {
      try {
        const key = readJwk(jwk);
        assert.deepEqual(writeJwk(readJwk(writeJwk(key))), writeJwk(key));
      } catch (error) {
        assert.ok(error instanceof Error && /^(it|its) [^\n]+$/.test(error.message), String(error));
      }
    });
  });

  test("a certificate that can be read has an identifier or none", async (t) => {
    await holds(t, damaged(...bundles.map(({ leaf }) => leaf.raw)), (der) => {
      try {
        new X509Certificate(der);
      } catch {
        return;
      }
      assert.ok(["string", "undefined"].includes(typeof certificateId(der)));
    });
  });

  const target = draftOf(
    {
      vhost: ["a.test:/www"],
      server: ["https://ca.test/d"],
      eab_kid: "k",
      eab_hmac_key_file: "/k",
      key_type: "rsa2048",
      profile: "p",
      owner: "1:1",
      account_dir: "/accounts",
      pkcs12_password_file: "/password",
    },
    "/certs",
  );
  const state = {
    version: 1,
    origin: {
      certificate: bundle.leaf.fingerprint256,
      from: "https://ca.test",
      window: { start: now, end: now, pick: now },
      lookAgain: now,
    },
    target: record(target),
    failure: {
      count: 1,
      at: now,
      code: "ca-busy",
      message: "x",
      next: now,
      target: record(target),
    },
  };
  const plain = JSON.parse(JSON.stringify(state)) as unknown;
  test("what is remembered of a set is read, or counts as nothing", async (t) => {
    await using dir = tempDir();
    const text = fc.oneof(damagedJsonText(plain), damagedText(JSON.stringify(state)));
    const wish = await readSecrets(draftOf({ vhost: ["a.test"] }, dir.path));
    await saveSet(wish.keep, bundle, () => undefined);
    await holds(t, text, async (input) => {
      writeFileSync(join(dir.path, STATE_FILE), input);
      const { origin } = loadState(dir.path);
      const start = bundle.leaf.validFromDate;
      const decision = decide(wish.want, { found: bundle, origin }, start);
      if (decision.keep) assert.ok(decision.next > start);
      await triage(wish, { now, retry: false });
      const found = revive(loadState(dir.path).target, {
        id: "x",
        dir: dir.path,
      });
      if (found !== undefined)
        assert.ok(found.want.names.every((name) => "name" in parseName(name)));
    });
  });

  test("a target that is remembered is the same again", async (t) => {
    await using dir = tempDir();
    const method = fc.constantFrom(
      { vhost: ["a.test:/w"] },
      { vhost: ["a.test", "::1"], listen: "8080" },
      { vhost: ["*.a.test"], dns: "exec", dns_exec: "/x", dns_wait: "5" },
      { vhost: ["a.test"], stateless: true },
    );
    await holds(
      t,
      fc.tuple(method, fc.nat(1e6), fc.constantFrom("ec256", "rsa4096")),
      async ([words, least, type]) => {
        const wish = draftOf({ ...words, valid_min: String(least), key_type: type }, dir.path);
        await saveState(dir.path, { target: record(wish) });
        const again = revive(loadState(dir.path).target, {
          id: wish.id,
          dir: dir.path,
        });
        assert.ok(again !== undefined);
        assert.deepEqual(record(again), record(wish));
      },
    );
  });

  const foreign = (
    kind: string,
    read: (dir: string) => Promise<Foreign>,
    files: Record<string, Buffer | string>,
  ) =>
    test(`a damaged file of ${kind} is refused by its path`, async (t) => {
      await using dir = tempDir();
      const put = (path: string, data: Buffer | string) => {
        mkdirSync(dirname(join(dir.path, path)), { recursive: true });
        writeFileSync(join(dir.path, path), data);
      };
      const one = fc
        .constantFrom(...Object.entries(files))
        .chain(([path, data]) => fc.tuple(fc.constant(path), damaged(data)));
      await holds(t, one, async ([path, data]) => {
        for (const [each, whole] of Object.entries(files)) put(each, whole);
        put(path, data);
        const { accounts, certificates } = await read(dir.path);
        for (const each of [...accounts, ...certificates])
          await orRefused(async () => each.read(), ["bad-file"], dir.path);
      });
    });
  const [{ key, leaf, chain }] = bundles as [(typeof bundles)[number]];
  const encoded = (name: FormatName) =>
    Buffer.from(
      FORMATS[name].encode({
        key,
        leaf,
        chain,
        accountKey: key,
        registration,
      }) ?? "",
    );
  void foreign("lego's", readLego, {
    "accounts/ca.test/a@a.test/account.json": JSON.stringify({
      email: "a@a.test",
      registration,
    }),
    "accounts/ca.test/a@a.test/keys/a@a.test.key": encoded("key.pem"),
    "certificates/a.test.crt": encoded("fullchain.pem"),
    "certificates/a.test.key": encoded("key.pem"),
  });
  void foreign("certbot's", readCertbot, {
    "accounts/ca.test/dir/ab/private_key.json": encoded("account_key.json"),
    "accounts/ca.test/dir/ab/regr.json": encoded("account_reg.json"),
    "live/a.test/privkey.pem": encoded("key.pem"),
    "live/a.test/cert.pem": encoded("cert.pem"),
    "live/a.test/chain.pem": encoded("chain.pem"),
    "renewal/a.test.conf": "[renewalparams]\naccount = ab\nserver = https://ca.test/dir\n",
  });
});
