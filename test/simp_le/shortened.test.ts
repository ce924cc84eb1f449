import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { read, refused } from "../support/words.ts";

const NAME = ["-d", "a.test"];

/** By simp_le's own options; where ours would make a beginning ambiguous, simp_le's meaning wins. */
const SHORTENED: [argv: string[], as: string[]][] = [
  [
    ["--vh", "b.test"],
    ["--vhost", "b.test"],
  ],
  [
    ["--d", "/srv"],
    ["--default_root", "/srv"],
  ],
  [
    ["--e", "a@a.test"],
    ["--email", "a@a.test"],
  ],
  [
    ["--s", "https://ca.test/dir"],
    ["--server", "https://ca.test/dir"],
  ],
  [
    ["--va", "5"],
    ["--valid_min", "5"],
  ],
  [
    ["--valid", "5"],
    ["--valid_min", "5"],
  ],
  [["--valid-m=5"], ["--valid_min", "5"]],
  [
    ["--ce", "2048"],
    ["--cert_key_size", "2048"],
  ],
  [
    ["--cert", "2048"],
    ["--cert_key_size", "2048"],
  ],
  [
    ["--cert-key", "2048"],
    ["--cert_key_size", "2048"],
  ],
  [["--reu"], ["--reuse_key"]],
  [
    ["--use_", "1"],
    ["--use_alt_chain", "1"],
  ],
  [
    ["--use-alt", "1"],
    ["--use_alt_chain", "1"],
  ],
  [
    ["--account_key_s", "2048"],
    ["--account_key_size", "2048"],
  ],
  [
    ["--account_key_p", "3"],
    ["--account_key_public_exponent", "3"],
  ],
  [
    ["--user", "me"],
    ["--user_agent", "me"],
  ],
  [
    ["--ca", "roots.pem"],
    ["--ca_bundle", "roots.pem"],
  ],
  [["--verb"], ["--verbose"]],
  [["--rev"], ["--revoke"]],
  [["--he"], ["--help"]],
  [["--vers"], ["--version"]],
  [
    ["--certs", "/x"],
    ["--certs_dir", "/x"],
  ],
  [
    ["--lis", "127.0.0.1:80"],
    ["--listen", "127.0.0.1:80"],
  ],
];

describe("an option may be cut short", () => {
  for (const [argv, as] of SHORTENED)
    test(`${argv.join(" ")} is ${as.join(" ")}`, () => {
      assert.deepEqual(read([...NAME, ...argv]), read([...NAME, ...as]));
    });

  const AMBIGUOUS: [argv: string[], candidates: string[]][] = [
    [["--v"], ["vhost", "valid_min", "verbose", "version"]],
    [["--ver"], ["verbose", "version"]],
    [
      ["--c", "x"],
      ["cert_key_size", "ca_bundle"],
    ],
    [["--re"], ["reuse_key", "revoke"]],
    [
      ["--us", "x"],
      ["use_alt_chain", "user_agent"],
    ],
    [
      ["--use", "1"],
      ["use_alt_chain", "user_agent"],
    ],
    [
      ["--account", "3"],
      ["account_key_size", "account_key_public_exponent"],
    ],
    [
      ["--account-key", "3"],
      ["account_key_size", "account_key_public_exponent"],
    ],
  ];
  for (const [argv, candidates] of AMBIGUOUS)
    test(`${argv.join(" ")} is an error that names ${candidates.join(" and ")}`, () => {
      const message = refused([...NAME, ...argv]);
      for (const candidate of candidates) assert.match(message, new RegExp(`--${candidate}\\b`));
    });
});
