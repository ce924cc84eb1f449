import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Directory, openDirectory } from "../directory/directory.ts";
import { AppError, messageOf, systemCode } from "../errors.ts";
import type { Name } from "../name.ts";
import type { AnswerFile } from "./evidence.ts";
import { type Answer, CHALLENGE_PATH, checkedToken, type Responder, unseen } from "./responder.ts";

/** Answers with files in folders that a web server already serves. Each name has its folder. */
export function openWebroot(roots: ReadonlyMap<Name, string>): Responder {
  return {
    type: "http-01",
    async publish(answers) {
      await using undo = new AsyncDisposableStack();
      for (const answer of answers) await publishFile(rootOf(roots, answer), answer, undo);
      return unseen(undo.move(), (names) => {
        const asked = answers.filter(({ name }) => names.includes(name));
        const found = asked.map(
          (answer) => [answer.name, { file: stateOf(rootOf(roots, answer), answer) }] as const,
        );
        return Promise.resolve(new Map(found));
      });
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
  const token = checkedToken(answer);
  const file = join(root, CHALLENGE_PATH, token);
  try {
    const folder = openFolder(dirname(file), undo);
    // A file of this name was left by an interrupted run.
    folder.remove(token);
    await using handle = await folder.create(token);
    undo.defer(() => {
      folder.remove(token);
    });
    await handle.writeFile(answer.keyAuthorization);
    // The web server is another user and must be able to read it, whatever the umask is.
    await handle.chmod(0o644);
  } catch (error) {
    if (error instanceof AppError) throw error;
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

/** The state of an answer's file now: somebody may have removed, replaced or closed it. */
function stateOf(root: string, { token, keyAuthorization }: Answer): AnswerFile {
  const path = join(root, CHALLENGE_PATH, token);
  try {
    using folder = openDirectory(dirname(path));
    const found = folder.read(token);
    if (found === undefined) return { path, lost: "removed" };
    if (found.toString() !== keyAuthorization) return { path, lost: "replaced" };
    const closed = closedOn(root, path);
    return { path, ...(closed !== undefined && { closed }) };
  } catch (error) {
    return { path, lost: systemCode(error) === "ENOENT" ? "removed" : "closed" };
  }
}

/** The first of root, folders and file that others may not enter or read. */
function closedOn(root: string, file: string): string | undefined {
  const way = [file];
  for (let each = dirname(file); each.startsWith(root) && each !== way[0]; each = dirname(each))
    way.unshift(each);
  return way.find((each) => (statSync(each).mode & (each === file ? 0o004 : 0o001)) === 0);
}

/** Opens a folder. It creates missing folders, and removes them at the end if they are empty. */
function openFolder(path: string, undo: AsyncDisposableStack): Directory {
  const parent = dirname(path);
  const folder = openOrMissing(path);
  if (folder !== undefined || parent === path) return undo.use(folder ?? openDirectory(path));
  const above = openFolder(parent, undo);
  const name = basename(path);
  if (makeIfMissing(above, name))
    undo.defer(() => {
      removeIfEmpty(above, name);
    });
  const made = undo.use(above.directory(name));
  // The web server must be able to enter the folder. If it is not empty, somebody has replaced it.
  if (made.entries().length === 0) made.setMode(0o755);
  return made;
}

/** Returns false if another run was quicker. */
function makeIfMissing(above: Directory, name: string): boolean {
  try {
    above.makeDirectory(name, 0o755);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

function openOrMissing(path: string): Directory | undefined {
  try {
    return openDirectory(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function removeIfEmpty(above: Directory, name: string): void {
  try {
    above.removeDirectory(name);
  } catch (error) {
    const code = systemCode(error);
    if (code !== "ENOTEMPTY" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
}
