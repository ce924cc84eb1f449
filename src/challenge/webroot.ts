import { chmod, mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError, messageOf, systemCode } from "../errors.ts";
import type { Name } from "../name.ts";
import { sleep } from "../time.ts";
import {
  type Answer,
  CHALLENGE_PATH,
  checkedToken,
  type Publication,
  type Responder,
} from "./responder.ts";

/** How long a CA usually takes to fetch a file, in milliseconds. */
const USUAL_PAUSE = 500;

/** Answers by files in the folders that a web server already serves, one folder a name. */
export function openWebroot(roots: ReadonlyMap<Name, string>): Responder {
  return {
    type: "http-01",
    async publish(answers) {
      await using undo = new AsyncDisposableStack();
      for (const answer of answers)
        await publishFile(rootOf(roots, answer), answer, undo);
      const made = undo.move();
      const publication: Publication = {
        fetched: undefined,
        asked: (signal) => sleep(USUAL_PAUSE, signal),
        [Symbol.asyncDispose]: () => made.disposeAsync(),
      };
      return publication;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function rootOf(roots: ReadonlyMap<Name, string>, { name }: Answer): string {
  const root = roots.get(name);
  if (root !== undefined) return resolve(root);
  throw new AppError("internal", `There is no webroot for ${name}.`);
}

async function publishFile(
  root: string,
  answer: Answer,
  undo: AsyncDisposableStack,
): Promise<void> {
  const file = join(root, CHALLENGE_PATH, checkedToken(answer));
  try {
    for (const folder of await makeFolders(dirname(file)))
      undo.defer(() => removeIfEmpty(folder));
    // What an interrupted run left under this name is ours too; a link is never followed.
    await rm(file, { force: true });
    undo.defer(() => rm(file, { force: true }));
    await writeFile(file, answer.keyAuthorization, { flag: "wx" });
    await chmod(file, 0o644);
  } catch (error) {
    throw new AppError(
      "webroot-unwritable",
      `Cannot write the answer for ${answer.name} to ${file}: ${messageOf(error)}.`,
      {
        hint: "Check that the folder is mounted and that this user may write to it.",
        cause: error,
      },
    );
  }
}

/** Makes what is missing of a folder and returns what it made, outermost first. */
async function makeFolders(folder: string): Promise<string[]> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return [];
    if (systemCode(error) !== "ENOENT") throw error;
    const parents = await makeFolders(dirname(folder));
    return [...parents, ...(await makeFolders(folder))];
  }
  // The web server, another user, has to get through, whatever the umask says.
  await chmod(folder, 0o755);
  return [folder];
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code !== "ENOTEMPTY" && code !== "ENOENT") throw error;
  }
}
