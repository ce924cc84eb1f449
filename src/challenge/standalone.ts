import type { IncomingMessage } from "node:http";
import { AppError, messageOf, systemCode } from "../errors.ts";
import { type Listen, type Lookup, serve, type Serving } from "../serve.ts";
import { type Questions, watchQuestions } from "./questions.ts";
import {
  CHALLENGE_PATH,
  checkedToken,
  type ChallengeEvent,
  type Publication,
  type Responder,
} from "./responder.ts";

export interface Standalone extends Responder {
  /** The actual port. */
  port: number;
}

/** Answers on its own port. Resolves when the port is bound. */
export async function openStandalone(
  listen: Listen,
  emit: (event: Extract<ChallengeEvent, { type: "answered" }>) => void,
): Promise<Standalone> {
  const published = new Map<string, Published>();
  const watching = new Set<Questions>();
  const server = await bound(listen, (path, request) => {
    const token = tokenIn(path);
    const answer = published.get(token);
    const isChallenge = path.startsWith(CHALLENGE_PATH);
    if (answer !== undefined) {
      const exact = isChallenge && path.length === CHALLENGE_PATH.length + token.length;
      answer.note(exact ? "answered" : "misplaced", request);
      return exact ? answer.text : undefined;
    }
    if (isChallenge) for (const questions of watching) questions.noteStranger(request);
    return undefined;
  });

  return {
    port: server.port,
    type: "http-01",
    async publish(answers) {
      const { length: of } = answers;
      const questions = watchQuestions(answers.map(({ name }) => name));
      const texts = answers.map((answer) => {
        const { name, keyAuthorization: text, isProbe = false } = answer;
        const note: Published["note"] = (kind, request) => {
          if (questions.note(name, kind, request) && !isProbe) emit({ type: "answered", name, of });
        };
        return [checkedToken(answer), { text, note }] as const;
      });
      for (const [token, text] of texts) published.set(token, text);
      watching.add(questions);
      const publication: Publication = {
        fetched: questions.fetched,
        asked: (signal) => questions.calm(signal),
        evidence: () => Promise.resolve(questions.evidence),
        [Symbol.asyncDispose]: () => {
          for (const [token] of texts) published.delete(token);
          watching.delete(questions);
          return Promise.resolve();
        },
      };
      return Promise.resolve(publication);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

interface Published {
  text: string;
  note: (kind: "answered" | "misplaced", request: IncomingMessage) => void;
}

/** The last part of a path, where a token would be, even if somebody changed the path. */
function tokenIn(path: string): string {
  const query = path.indexOf("?");
  const end = query < 0 ? path.length : query;
  const last = path.endsWith("/", end) ? end - 1 : end;
  return path.slice(path.lastIndexOf("/", last - 1) + 1, last);
}

async function bound(listen: Listen, lookup: Lookup): Promise<Serving> {
  try {
    return await serve(listen, lookup);
  } catch (error) {
    const { host, port } = listen;
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const details = { scope: "run", cause: error } as const;
    const code = systemCode(error);
    if (code === "EADDRINUSE")
      throw new AppError("port-taken", `Something else listens on ${where}.`, {
        ...details,
        hint: "If it is another run of this program, wait for its end. If it is the web server, listen elsewhere, such as on --listen 127.0.0.1:8888, and let it forward there: acme-sidecar nginx prints the block for that.",
      });
    const reason = code === "EACCES" ? "this user may not use it" : messageOf(error);
    throw new AppError("listen-failed", `Cannot listen on ${where}: ${reason}.`, {
      ...details,
      hint: "Choose an address of this host and a port that this user may use with --listen, such as [::]:8080, and forward the challenge path to it (in a container: publish that port).",
    });
  }
}
