import { OPTION_NAMES, type OptionName, specOf } from "../options.ts";
import { type Verb } from "../verbs.ts";
import { FIRST, operandOf, optionsOf, TOPICS, TYPED, type Value, valueOf } from "./words.ts";

/**
 * The script for bash, which also works for bash 3.2. It has all words in it: where the program is
 * an image, to run it for each word would take a second.
 */
export function script(): string {
  return `# Completion of acme-sidecar for bash, written by: acme-sidecar completion bash

# Adds what compgen finds. A file's name may have spaces.
_acme_sidecar_add() {
    local each
    while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen "$@")
}

_acme_sidecar_paths() {
    compopt -o filenames 2>/dev/null
    _acme_sidecar_add "$1" -- "$2"
}

_acme_sidecar() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
    local first=\${COMP_WORDS[1]-} second=\${COMP_WORDS[2]-} verb=issue at=1 options
    COMPREPLY=()

    # The command, of one word or two.
    if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
        _acme_sidecar_add -W ${quoted([...FIRST.keys(), "help"])} -- "$cur"
        return
    fi
    case $first in
        '' | -*) ;;
        help)
            case $COMP_CWORD:$second in
                2:*) _acme_sidecar_add -W ${quoted(TOPICS)} -- "$cur" ;;
${lines(
  seconds().map(([word, more]) => `3:${word}) _acme_sidecar_add -W ${quoted(more)} -- "$cur" ;;`),
  16,
)}
            esac
            return
            ;;
${lines(seconds().flatMap(familyCase), 8)}
        *) verb=$first at=2 ;;
    esac

    # The value of an option, after a space or =.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=\${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case \${prev//-/_} in
${lines(optionCases(), 8)}
    esac

    # The word after the command.
    if ((COMP_CWORD == at)) && [[ $cur != -* ]]; then
        case $verb in
${lines(operandCases(), 12)}
        esac
    fi

    # Options, with hyphens instead of underscores if you write them so.
    [[ -z $cur || $cur == -* ]] || return 0
    case $verb in
${lines(
  TYPED.map((verb) => `${patternOf(verb)}) options=${quoted(flagsOf(verb))} ;;`),
  8,
)}
        *) return 0 ;;
    esac
    [[ $cur != --*-* ]] || options=\${options//_/-}
    _acme_sidecar_add -W "$options" -- "$cur"
}

complete -F _acme_sidecar acme-sidecar`;
}

/** The first words that others may follow. */
function seconds(): [word: string, more: string[]][] {
  return [...FIRST].filter(([, more]) => more.length > 0);
}

function familyCase([word, more]: [string, string[]]): string[] {
  return [
    `${word})`,
    `    if ((COMP_CWORD == 2)) && [[ $cur != -* ]]; then`,
    `        _acme_sidecar_add -W ${quoted(more)} -- "$cur"`,
    `        return`,
    `    fi`,
    `    verb="$first $second" at=3`,
    ...((TYPED as readonly string[]).includes(word)
      ? [`    [[ $second != -* ]] || verb=$first at=2`]
      : []),
    `    ;;`,
  ];
}

/** What to do after each option that takes a value; a pattern has _ for each hyphen. */
function optionCases(): string[] {
  const byAction = new Map<string, string[]>();
  for (const name of OPTION_NAMES) {
    const value = valueOf(name);
    if (value === undefined || specOf(name).gone) continue;
    const { alias } = specOf(name);
    const patterns = [`__${name}`, alias === undefined ? [] : `_${alias}`].flat();
    const action = actionFor(value);
    byAction.set(action, [...(byAction.get(action) ?? []), ...patterns]);
  }
  return [...byAction].map(
    ([action, patterns]) => `${patterns.join(" | ")}) ${action && `${action}; `}return ;;`,
  );
}

function operandCases(): string[] {
  return TYPED.flatMap((verb) => {
    const value = operandOf(verb);
    return value === undefined || value === "any"
      ? []
      : [`${patternOf(verb)}) ${actionFor(value)}; return ;;`];
  });
}

function actionFor(value: Value): string {
  if (value === "file") return `_acme_sidecar_paths -f "$cur"`;
  if (value === "folder") return `_acme_sidecar_paths -d "$cur"`;
  return value === "any" ? "" : `_acme_sidecar_add -W ${quoted(value)} -- "$cur"`;
}

function flagsOf(verb: Verb): string[] {
  return optionsOf(verb).flatMap((name: OptionName) => {
    const { alias } = specOf(name);
    return [alias === undefined ? [] : `-${alias}`, `--${name}`].flat();
  });
}

const quoted = (words: readonly string[]) => `'${words.join(" ")}'`;

const patternOf = (verb: Verb) => (verb.includes(" ") ? `'${verb}'` : verb);

function lines(texts: readonly string[], indent: number): string {
  return texts.map((text) => " ".repeat(indent) + text).join("\n");
}
