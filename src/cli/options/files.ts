import { ACCOUNT, type OptionSpec, TARGET } from "../option.ts";

/** Where the files are, and what they are like. */
export const FILE_OPTIONS = {
  file: {
    alias: "f",
    value: "FILE",
    repeatable: true,
    isNew: true,
    brief: "A file to write, instead of the six usual ones",
    describe: "A file to read and write (list below)",
    default: [
      "account_key.json",
      "account_reg.json",
      "key.pem",
      "cert.pem",
      "chain.pem",
      "fullchain.pem",
    ],
    verbs: ["issue", "check", "account import", "batch", ...ACCOUNT],
    key: "formats",
    recorded: true,
  },
  certs_dir: {
    value: "DIR",
    isNew: true,
    brief: "The folder of the files",
    describe: "The folder of the files",
    otherwise: "the working directory",
    verbs: [...TARGET, ...ACCOUNT, "renew", "status", "verify", "tar"],
  },
  key_mode: {
    value: "MODE",
    isNew: true,
    describe: "Mode of files that hold a key",
    otherwise: "0600, or the old file's mode",
    verbs: [...TARGET, ...ACCOUNT],
    key: "mode",
    recorded: true,
  },
  owner: {
    value: "UID[:GID]",
    isNew: true,
    describe: "The owner of every file that is written, in numbers",
    otherwise: "the old file's owner, or the current user",
    verbs: [...TARGET, ...ACCOUNT],
    key: "owner",
    recorded: true,
  },
  pkcs12_password_file: {
    value: "FILE",
    isNew: true,
    describe: "Also write cert.p12 (PKCS #12), with the password in FILE",
    verbs: TARGET,
    key: "pkcs12_password_file",
    recorded: true,
  },
} as const satisfies Record<string, OptionSpec>;
