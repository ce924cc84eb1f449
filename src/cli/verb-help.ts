import type { Family, Verb } from "./verbs.ts";

/** A line that users can type into a shell, and what it is good for. */
export interface Example {
  line: string;
  does: string;
}

interface VerbHelp {
  /** What the command does, in about two sentences. */
  about: string;
  examples: readonly [Example, ...Example[]];
  /** What its exit codes mean, if not the usual. */
  exit?: string;
}

/** The exit codes of commands that print something. */
const PRINTED = "0 it is printed, 2 an error.";

const example = (line: string, does: string): Example => ({ line, does });

/** The examples of the overview. */
export const OVERVIEW: readonly Example[] = [
  example("acme-sidecar -d example.com --email you@example.com", "get it; renew it when due"),
  example("acme-sidecar -d example.com:/var/www/html", "answer the CA in a folder"),
  example("acme-sidecar renew /certs", "renew all that is due"),
];

/** What the commands with the same first word have in common. */
export const FAMILIES: Record<Family, string> = {
  account: "Show, change, end or take over an account at a CA",
  dokku: "For the Dokku plugin only",
  plugin: "Write the Dokku plugin, or its installer",
};

/** What help on a command says, besides its row in the table of commands. */
export const VERB_HELP: Record<Verb, VerbHelp> = {
  issue: {
    about:
      "Gets a certificate for the names, or renews it if it is due, and exits with 1 if nothing is due. The CA is answered on --listen, in the folder that a web server serves, or by DNS.",
    examples: [
      example(
        "acme-sidecar -d example.com -d www.example.com --email you@example.com",
        "One certificate for two names.",
      ),
      example(
        "acme-sidecar -d example.com --default_root /var/www/html",
        "Answer the CA in a folder that the web server serves.",
      ),
      example(
        "acme-sidecar -d example.com -d '*.example.com' --dns exec --dns_exec ./set-txt",
        "A wildcard, with a program that sets the DNS records.",
      ),
      example("acme-sidecar -d example.com --dry_run", "Try it first, and keep nothing."),
    ],
  },
  check: {
    about:
      "Looks up each name and asks every address for a token of its own, as the CA will do, and says what stands in the way. It takes the options of issue, changes nothing, and asks the CA for its directory only.",
    examples: [
      example("acme-sidecar check -d example.com", "Look at one name."),
      example(
        "acme-sidecar check -d example.com:/var/www/html --json",
        "The same for a webroot, for a program.",
      ),
    ],
    exit: "0 nothing stands in the way, 1 the CA would fail, 2 an error.",
  },
  revoke: {
    about:
      "Tells the CA that the certificate in the folder must not be trusted any more. The files stay as they are.",
    examples: [
      example("acme-sidecar revoke --certs_dir /certs", "Revoke the certificate in /certs."),
      example("acme-sidecar revoke --reason keyCompromise", "Say that the key has leaked."),
    ],
  },
  batch: {
    about:
      "Gets or renews every certificate that a YAML or JSON file lists, many at once, each in a folder of its own. FILE may be - for the standard input; options apply to targets that do not set them.",
    examples: [
      example("acme-sidecar batch targets.yaml", "Get or renew all of them."),
      example("acme-sidecar batch - < targets.yaml", "The same, from the standard input."),
      example(
        "acme-sidecar batch targets.yaml --prune",
        "Also forget the sets that the file does not list any more.",
      ),
    ],
  },
  renew: {
    about:
      "Renews the certificates in DIR and in the folders below it that are due, as the runs that got them recorded it. DIR is --certs_dir or the working directory if you leave it out.",
    examples: [
      example("acme-sidecar renew /certs", "Renew what is due."),
      example(
        "acme-sidecar renew --next_run 604800",
        "Renew what will be due within a week, for a weekly run.",
      ),
    ],
  },
  status: {
    about:
      "Lists the certificates in DIR and in the folders below it, with their ends and last failures. It changes nothing and asks no CA.",
    examples: [
      example("acme-sidecar status /certs", "Show them as a table."),
      example("acme-sidecar status --json", "Show them for a program."),
    ],
    exit: PRINTED,
  },
  verify: {
    about:
      "Connects to the web servers of the names and compares what they serve with the certificates in DIR. It says what to do about each difference. With -d it looks at these names only.",
    examples: [
      example("acme-sidecar verify /certs", "Look at every address of every name."),
      example(
        "acme-sidecar verify /certs -d example.com --address 127.0.0.1:443",
        "Look at one web server.",
      ),
    ],
    exit: "0 all is served, 1 something else is, 2 an error.",
  },
  tar: {
    about:
      "Writes the certificates and keys below DIR to the standard output as a tar, in the form that dokku certs:add reads. With --id it takes only the sets that you name.",
    examples: [
      example("acme-sidecar tar /certs > certs.tar", "All of them."),
      example(
        "acme-sidecar tar /certs --id blog | dokku certs:add blog",
        "Hand one to an app of Dokku.",
      ),
    ],
    exit: PRINTED,
  },
  nginx: {
    about:
      "Prints the block that an nginx server needs so that the CA reaches this program on --listen. With --stateless it prints a block with which nginx answers by itself, for the account in the folder.",
    examples: [
      example("acme-sidecar nginx > acme.conf", "Forward the CA to the usual address."),
      example("acme-sidecar nginx --listen 127.0.0.1:9000", "Forward it to another address."),
      example("acme-sidecar nginx --stateless --certs_dir /certs", "Let nginx answer."),
    ],
    exit: PRINTED,
  },
  "account show": {
    about:
      "Asks the CA about the account in the folder and prints its URL, key type, thumbprint and contact. It changes nothing.",
    examples: [
      example("acme-sidecar account show --certs_dir /certs", "Show the account of that set."),
      example("acme-sidecar account show --json", "Show it for a program."),
    ],
    exit: PRINTED,
  },
  "account rollover": {
    about:
      "Gives the account a new key at the CA and replaces account_key.json. The account and its certificates stay as they are.",
    examples: [
      example("acme-sidecar account rollover", "Make the new key EC P-256."),
      example("acme-sidecar account rollover --account_key_size 4096", "Make it RSA."),
    ],
  },
  "account deactivate": {
    about:
      "Ends the account at the CA for ever, and needs --yes for that. Certificates stay valid, but the account can neither renew nor revoke them.",
    examples: [
      example("acme-sidecar account deactivate --certs_dir /certs --yes", "End the account."),
    ],
  },
  "account import": {
    about:
      "Takes over an account and a certificate from a folder of certbot or lego. It prints the command that renews the certificate from then on.",
    examples: [
      example(
        "acme-sidecar account import /etc/letsencrypt -d example.com --certs_dir /certs",
        "Take over one certificate of certbot, with its account.",
      ),
      example("acme-sidecar account import ~/.lego", "Take over what lego has, if it has one."),
    ],
  },
  plugin: {
    about:
      "Writes the Dokku plugin to the standard output as a tar. The plugin runs the IMAGE that you name, or the usual one.",
    examples: [
      example("acme-sidecar plugin > letsencrypt.tar", "The plugin, for the usual image."),
    ],
    exit: PRINTED,
  },
  "plugin install": {
    about:
      "Prints a script that installs the Dokku plugin on a host. Run it there as root, with the name of the image.",
    examples: [
      example(
        "acme-sidecar plugin install | sudo bash -s acme-sidecar",
        "Install it on this host, for the image acme-sidecar.",
      ),
    ],
    exit: PRINTED,
  },
  completion: {
    about:
      "Prints a script with which the shell completes the commands, options and values of a program called acme-sidecar. The script is complete: it does not run the program.",
    examples: [
      example(
        "acme-sidecar completion bash > acme-sidecar.bash",
        "For bash: source that file, or put it into /etc/bash_completion.d.",
      ),
      example(
        "acme-sidecar completion zsh > _acme-sidecar",
        "For zsh: put that file into a folder of $fpath.",
      ),
    ],
    exit: PRINTED,
  },
  "dokku check": {
    about:
      "Looks at the names of an app, whose properties the Dokku plugin writes to the standard input as JSON. Use check for names of your own.",
    examples: [
      example("acme-sidecar dokku check < properties.json", "What dokku letsencrypt:check does."),
    ],
    exit: "0 nothing stands in the way, 1 the CA would fail, 2 an error.",
  },
  dokku: {
    about:
      "Gets or renews the certificates of apps, whose properties the Dokku plugin writes to the standard input as JSON. Use batch for a file of your own.",
    examples: [
      example(
        "acme-sidecar dokku --account_dir /certs/accounts < properties.json",
        "What the plugin does.",
      ),
    ],
  },
};
