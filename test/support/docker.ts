import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { atExit } from "./exit.ts";
import { type Child, run, startProcess } from "./process.ts";
import { findTool, missing, requireTool, skipUnlessCI } from "./tools.ts";

/** Built by scripts/test before the tests run, unless another is named. */
export const IMAGE = process.env["TEST_IMAGE"] ?? "acme-sidecar:test";
/** On every container of the tests, with the number of the process that started it. */
const LABEL = "acme-sidecar-test";

export interface Container extends AsyncDisposable {
  name: string;
  /** The client in the foreground: its streams are the container's, and so is its exit code. */
  client: Child;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** For `{ skip: missingImage() }`: like `missing("docker")`, for the daemon and the image as well. */
export function missingImage(): string | false {
  const lost = missing("docker");
  if (lost !== false) return lost;
  const reason = lacking();
  return reason === undefined ? false : skipUnlessCI(reason);
}

/** Starts the image with the options of `docker run` and the words for its entrypoint. */
export async function startContainer(
  options: readonly string[],
  words: readonly string[],
): Promise<Container> {
  const reason = lacking();
  if (reason !== undefined) throw new Error(reason);
  const name = `acme-sidecar-test-${randomUUID()}`;
  alive.add(name);
  removeAllAtExit();
  await using owned = new AsyncDisposableStack();
  owned.defer(async () => {
    await remove(name);
    alive.delete(name);
  });
  // In two steps, so that there is something to remove from here on, however early that is.
  await docker(
    ...["create", "--rm", "--pull", "never", "--name", name],
    ...["--label", `${LABEL}=${process.pid}`, ...options, IMAGE, ...words],
  );
  const client = await startProcess(
    requireTool("docker"),
    ["start", "--attach", name],
    // The client hands it on to the container.
    { orphanSignal: "TERM" },
  );
  const stack = owned.move();
  return {
    name,
    client,
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
      await client[Symbol.asyncDispose]();
    },
  };
}

/** Runs the image to its end. */
export async function runContainer(
  options: readonly string[],
  words: readonly string[],
): Promise<Ended> {
  await using container = await startContainer(options, words);
  return await ended(container);
}

/** Waits for its end. */
export async function ended({ client }: Container): Promise<Ended> {
  const { code } = await client.exited;
  return { code, stdout: client.stdout(), stderr: client.stderr() };
}

/** Runs a command of docker and returns what it prints. */
export function docker(...words: string[]): Promise<string> {
  return run(requireTool("docker"), words);
}

async function remove(name: string): Promise<void> {
  try {
    await docker("rm", "--force", "--volumes", name);
  } catch (error) {
    const gone = /No such container|already in progress/;
    if (!(error instanceof Error && gone.test(error.message))) throw error;
  }
}

let present = false;

function lacking(): string | undefined {
  if (present) return undefined;
  const program = findTool("docker");
  // Said by `missing` and `requireTool`.
  if (program === undefined) return undefined;
  const inspect = ["image", "inspect", "--format", "{{.Id}}", IMAGE];
  try {
    execFileSync(program, inspect, { stdio: ["ignore", "ignore", "pipe"] });
    present = true;
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr: Buffer };
    return `the image ${IMAGE} cannot be used: ${stderr.toString().trim()} (get it with: scripts/setup && docker build --tag ${IMAGE} .)`;
  }
}

const alive = new Set<string>();
let watched = false;

function removeAllAtExit(): void {
  if (watched) return;
  watched = true;
  atExit(() => {
    if (alive.size === 0) return;
    const words = ["rm", "--force", "--volumes", ...alive];
    execFileSync(requireTool("docker"), words, { stdio: "ignore" });
  });
}
