import { type OptionName, specOf } from "../../src/cli/options.ts";

/** What an option takes where neither any word nor any number will do. */
const VALUES: Partial<Record<OptionName, string>> = {
  vhost: "b.test",
  file: "full.pem",
  email: "me@a.test",
  server: "zerossl",
  eab_hmac_key: "c2VjcmV0",
  reason: "superseded",
  key_type: "ec384",
  cert_key_size: "3072",
  account_key_size: "3072",
  use_alt_chain: "1",
  key_mode: "0640",
  owner: "1:1",
  listen: "127.0.0.1:81",
  address: "127.0.0.1:443",
  allow_partial: "true",
  dns: "exec",
  dns_resolvers: "192.0.2.1",
  log_format: "json",
};

/** A value that an option takes, and that is not its default. */
export function valueFor(option: OptionName): string {
  const { value = "" } = specOf(option);
  return VALUES[option] ?? (/^(?:SECONDS|NUMBER)$/.test(value) ? "7" : "x");
}
