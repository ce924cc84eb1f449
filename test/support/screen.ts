import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inherited, MAIN } from "./cli.ts";
import { run, startProcess } from "./process.ts";
import { tempDir } from "./temp.ts";
import { requireTool } from "./tools.ts";
import { eventually } from "./wait.ts";

/** A terminal of tmux, in which one program runs. */
export interface Screen extends AsyncDisposable {
  /** What it shows, line by line, without empty lines at the end. */
  lines(): Promise<string[]>;
  /** The same after all that was scrolled away; what was too long for a line is one again. */
  history(): Promise<string[]>;
  /** The same with the colours, as escape sequences. */
  coloured(): Promise<string>;
  /** Waits until it shows something; resolves to all lines. */
  until(pattern: RegExp): Promise<string[]>;
  resize(columns: number): Promise<void>;
  /** Types keys, as tmux names them. */
  type(keys: string): Promise<void>;
  /** Takes the terminal away from the program. Only its shell gets a SIGHUP. */
  vanish(): Promise<void>;
  /** The exit code of the program. */
  exited(): Promise<number>;
}

export interface ScreenOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs the program in a terminal. */
export async function startOnScreen(words: string[], options: ScreenOptions = {}): Promise<Screen> {
  const { columns = 80, rows = 30, env, cwd = "/" } = options;
  const tmux = requireTool("tmux");
  const dir = tempDir();
  const socket = ["-S", join(dir.path, "socket"), "-f", "/dev/null", "-u"];
  const variables = { ...inherited(), TERM: "tmux-256color", LANG: "C.UTF-8" };
  const server = await startProcess(tmux, [...socket, "-D"], { env: variables });
  const tell = (...command: string[]) => run(tmux, [...socket, ...command]);
  await eventually("tmux to listen", () => tell("show", "-s").catch(() => undefined));
  const set = Object.entries({ ...variables, ...env }).map(([name, value]) => `${name}=${value}`);
  const program = ["env", "-i", ...set, process.execPath, MAIN, ...words].map(quoted).join(" ");
  const ended = join(dir.path, "ended");
  // The shell outlives the terminal and the signals that it sends, to tell how the program ended.
  const command = `trap '' HUP; trap : INT; ${program}; echo $? >${quoted(ended)}`;
  // The window stays when the program ends.
  await tell(
    ...["set", "-g", "remain-on-exit", "on", ";", "set", "-g", "remain-on-exit-format", "", ";"],
    ...["set", "-g", "status", "off", ";", "set", "-g", "history-limit", "5000", ";"],
    ...["new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", cwd, command],
  );
  const capture = async (...how: string[]) => {
    const text = await tell("capture-pane", "-p", ...how);
    return text.trimEnd();
  };
  const lines = async () => (await capture()).split("\n");
  return {
    lines,
    history: async () => (await capture("-J", "-S", "-")).split("\n").map((line) => line.trimEnd()),
    coloured: () => capture("-e"),
    until: (pattern) =>
      eventually(`${String(pattern)} on the screen`, async () => {
        const shown = await lines();
        return pattern.test(shown.join("\n")) && shown;
      }),
    async resize(width) {
      await tell("resize-window", "-x", String(width));
    },
    async type(keys) {
      await tell("send-keys", keys);
    },
    async vanish() {
      await tell("kill-session");
    },
    exited: () =>
      eventually("the program to end", () => {
        const code = existsSync(ended) ? readFileSync(ended, "utf8") : "";
        return code.endsWith("\n") && Number(code);
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
