import { FORMAT_NAMES } from "../store/formats.ts";
import { OPTION_NAMES, specOf } from "./options.ts";
import { AUTHORITIES } from "./server.ts";

const WIDTH = 80;
const INDENT = 26;

/** What `--help` prints. */
export function helpText(): string {
  const options = OPTION_NAMES.filter((name) => !specOf(name).gone).flatMap(
    (name) => {
      const { alias, value, describe } = specOf(name);
      const flag = `  ${alias === undefined ? "" : `-${alias}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
      const [first, ...others] = wrap(describe, WIDTH - INDENT);
      const rest = others.map((line) => " ".repeat(INDENT) + line);
      return flag.length < INDENT - 1
        ? [flag.padEnd(INDENT) + (first ?? ""), ...rest]
        : [flag, " ".repeat(INDENT) + (first ?? ""), ...rest];
    },
  );
  return [
    "Usage: acme-sidecar [issue] -d NAME[:ROOT]... [OPTION]...",
    "       acme-sidecar batch FILE|- [OPTION]...",
    "       acme-sidecar renew|status [DIR] [OPTION]...",
    "       acme-sidecar tar [DIR] [--id ID]... [OPTION]...",
    "       acme-sidecar revoke [OPTION]...",
    "       acme-sidecar account import DIR [-d NAME] [--server CA] [OPTION]...",
    "       acme-sidecar nginx [--listen HOST:PORT | --stateless] [OPTION]...",
    "       acme-sidecar plugin [IMAGE] | plugin install",
    "       acme-sidecar account show|rollover|deactivate [OPTION]...",
    "",
    "Gets and renews TLS certificates over ACME while the web server keeps serving.",
    "",
    ...options,
    "",
    "Hyphens may stand for the underscores, and options may be cut short. Every",
    "option can also be set by the environment variable ACME_SIDECAR_ and its name",
    "in capitals; the command line wins.",
    "",
    ...wrap(`Files for -f: ${FORMAT_NAMES.join(", ")}.`, WIDTH),
    ...wrap(`CAs for --server: ${Object.keys(AUTHORITIES).join(", ")}.`, WIDTH),
    "",
    "Exit status: 0 something was done, 1 nothing was due, 2 an error.",
  ].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= width)
      lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
