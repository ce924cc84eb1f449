import { OPTION_NAMES, type OptionName, specOf } from "../options.ts";
import { type Verb, verbOf } from "../verbs.ts";
import { FAMILIES } from "../verb-help.ts";
import { FIRST, operandOf, optionsOf, TOPICS, TYPED, type Value, valueOf } from "./words.ts";

/**
 * The script for zsh: zsh's own function `_arguments` does the work. It has all words in it: where
 * the program is an image, to run it for each word would take a second.
 */
export function script(): string {
  return `#compdef acme-sidecar
# Completion of acme-sidecar for zsh, written by: acme-sidecar completion zsh

_acme-sidecar() {
  # What _arguments is told of each option; of a short name too.
  local -A option=(
${lines(OPTION_NAMES.filter((name) => specOf(name).gone === undefined).flatMap(specsOf), 4)}
  )
  local verb=issue name
  integer used=1 at
  local -a names operand

  if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
    names=(${[...FIRST.keys()].map(describedFirst).join(" ")} 'help:Show the help on a command')
    _describe -t commands command names
    return
  fi
  if [[ $words[2] == help ]]; then
    if ((CURRENT == 3)); then
      _values topic ${TOPICS.join(" ")}
      return
    fi
    # The second word of a command stands in the same place as without help.
    words[2]=()
    ((--CURRENT == 3)) && [[ $words[2] == (${seconds()
      .map(([word]) => word)
      .join("|")}) ]] || return 1
  fi
  case $words[2] in
    (''|-*) ;;
${lines(seconds().flatMap(familyCase), 4)}
    (*) used=2 verb=$words[2] ;;
  esac
  words[2,used]=()
  ((CURRENT -= used - 1))

  # Options with hyphens are the same as those with underscores.
  for ((at = 2; at < CURRENT; at++)); do
    [[ $words[at] == --?* ]] || continue
    name=\${words[at]%%=*}
    words[at]=--\${\${name#--}//-/_}\${words[at]#$name}
  done

  case $verb in
${lines(TYPED.flatMap(verbCase), 4)}
    (*) return 1 ;;
  esac
  _arguments -s -S -M 'm:{-_}={_-} r:|[_-]=* r:|=*' "\${(@)names/(#m)*/$option[$MATCH]}" $operand
}

if [[ $funcstack[1] == _acme-sidecar ]]; then
  _acme-sidecar "$@"
else
  compdef _acme-sidecar acme-sidecar
fi`;
}

function seconds(): [word: string, more: string[]][] {
  return [...FIRST].filter(([, more]) => more.length > 0);
}

function describedFirst(word: string): string {
  const family = Object.entries(FAMILIES).find(([each]) => each === word)?.[1];
  const text = family ?? describeOf(word);
  return quoted(`${word}:${text}`);
}

function describeOf(words: string): string {
  const verb = TYPED.find((each) => each === words);
  return verb === undefined ? "" : verbOf(verb).describe;
}

function familyCase([word, more]: [string, string[]]): string[] {
  const rows = more.map((second) => quoted(`${second}:${describeOf(`${word} ${second}`)}`));
  const isVerb = (TYPED as readonly string[]).includes(word);
  return [
    `(${word})`,
    `  if ((CURRENT == 3)) && [[ $PREFIX != -* ]]; then`,
    `    names=(${rows.join(" ")})`,
    `    _describe -t commands command names`,
    `    return`,
    `  fi`,
    `  used=3 verb="$words[2] $words[3]"`,
    ...(isVerb ? [`  if [[ $words[3] == -* ]]; then used=2 verb=$words[2]; fi`] : []),
    `  ;;`,
  ];
}

function verbCase(verb: Verb): string[] {
  const names = optionsOf(verb).flatMap((name) => [specOf(name).alias ?? [], name].flat());
  const operand = operandOf(verb);
  return [
    `(${verb.includes(" ") ? `'${verb}'` : verb})`,
    `  names=(${names.join(" ")})`,
    ...(operand === undefined
      ? []
      : [`  operand=(${quoted(`1:${verbOf(verb).operand?.called ?? ""}:${actionOf(operand)}`)})`]),
    `  ;;`,
  ];
}

/** An option, and its short name, as `_arguments` wants them. */
function specsOf(name: OptionName): string[] {
  const { alias, brief, describe, value, repeatable } = specOf(name);
  const kind = valueOf(name);
  const text = `[${(brief ?? describe).replaceAll(/[\\[\]]/g, "\\$&")}]`;
  const rest = kind === undefined ? text : `${text}:${escaped(value ?? "")}:${actionOf(kind)}`;
  const mark = repeatable ? "*" : alias === undefined ? "" : `(-${alias} --${name})`;
  return [
    `${name} ${quoted(`${mark}--${name}${kind === undefined ? "" : "="}${rest}`)}`,
    ...(alias === undefined
      ? []
      : [`${alias} ${quoted(`${mark}-${alias}${kind === undefined ? "" : "+"}${rest}`)}`]),
  ];
}

function actionOf(value: Value): string {
  if (value === "file") return "_files";
  if (value === "folder") return "_files -/";
  return value === "any" ? " " : `(${value.join(" ")})`;
}

const escaped = (text: string) => text.replaceAll(":", "\\:");

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function lines(texts: readonly string[], indent: number): string {
  return texts.map((text) => " ".repeat(indent) + text).join("\n");
}
