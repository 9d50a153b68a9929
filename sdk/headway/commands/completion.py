"""`headway completion`: print the completion script of a shell."""

from __future__ import annotations

import sys

from headway.host.terminfo import show_help

# Operations are completed after these, by name or the beginning of an id: those that go on …
OF_RUNNING = ("view", "wait", "cancel", "pause", "resume")
# … or, with what has ended, the latest: of an hour there may be hundreds.
OF_LATEST = ("ps", "logs", "why")
LATEST = 20
# What else takes files; after all others fish would offer them, too.
OF_FILES = ("run", "attach", "patch", "pipe", "pv", "web", "record", "replay", "over-ssh", "keys")
MODES = "auto live plain json quiet"
_FLEET = "--fleet --site --host"
# Of what a fleet's server wants of who looks at it: they would bury the names of operations.
NOT_OFFERED = ("--creds", "--tls-ca", "--tls-cert", "--tls-key", "--domain")
OPTIONS = {
    "run": "--name --display --as --no-parse --fail-if --label --patch --sd-notify --file --output",
    "attach": "--name --display",
    "patch": "--name --display",
    "view": f"--display --until-done --clock --timeout --label --by {_FLEET}",
    "ps": f"--running --failed --since --label --all --json --format --by --line --clock {_FLEET}",
    "logs": f"--follow {_FLEET}",
    "wait": f"--all --timeout --brief --label {_FLEET}",
    "cancel": f"--reason --kill {_FLEET}",
    "pause": _FLEET,
    "resume": _FLEET,
    "history": "--forget --all --accuracy --json --csv",
    "why": "--json",
    "uplink": "--site --host --with-output --allow-cancel",
    "metrics": "--port --with-names",
    "notify": "--enable --disable --exec --ntfy --apprise --with-output --after --slow --quiet"
    f" --label {_FLEET}",
    "otel": "--with-output",
    "pipe": "--name --display --needs-end --functions --pace --tqdm",
    "pv": "--name --size --display",
    "shell": "bash zsh fish --prompt",
    "help": "",
    "top": f"--clock --label --by {_FLEET}",
    "web": f"--port --no-open --listen --certificate --key --insecure --label --by {_FLEET}",
    "mcp": "--allow-cancel",
    "record": "--until-done",
    "replay": "--speed --display --estimates --tick --history",
    "broker": "run status stop install-service --listen --remove --json",
    "keys": "new list allow revoke --role",
    "over-ssh": "",
    "uninstall": "--yes --force",
    "completion": "bash zsh fish",
}
_BASH = """\
# Source this, or put it into ~/.local/share/bash-completion/completions/headway.
_headway() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} at
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
        return
    fi
    if [ "${{COMP_WORDS[COMP_CWORD-1]}}" = --display ]; then
        COMPREPLY=($(compgen -W "{modes}" -- "$word"))
        return
    fi
    if [ "${{COMP_WORDS[1]}}" = run ]; then
        for ((at = 2; at < COMP_CWORD; at++)); do
            [ "${{COMP_WORDS[at]}}" = -- ] || continue
            if [ "$COMP_CWORD" -eq $((at + 1)) ]; then
                COMPREPLY=($(compgen -c -- "$word"))
            elif declare -F _command_offset >/dev/null; then
                _command_offset $((at + 1))
            fi
            return
        done
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
        *) COMPREPLY=() ;;
    esac
    case " {running} " in *" ${{COMP_WORDS[1]}} "*) _headway_operations --running ;; esac
    case " {latest} " in *" ${{COMP_WORDS[1]}} "*) _headway_operations -n {number} ;; esac
}}
# The names of operations, and the ids that begin as the word does; what is open is quoted already.
_headway_operations() {{
    local plain=${{word#[\\"\\']}} id name
    [ "$plain" != "$word" ] || plain=${{word//\\\\/}}
    while IFS=$'\\t' read -r id name; do
        if [[ -n $plain && $id == "$plain"* ]]; then
            COMPREPLY+=("$id")
        elif [[ $name == "$plain"* ]]; then
            [[ $word == [\\"\\']* ]] || printf -v name %q "$name"
            COMPREPLY+=("$name")
        fi
    done < <(command headway ps "$@" --format $'{{id}}\\t{{name}}' 2>/dev/null)
}}
complete -o default -F _headway headway
"""
_ZSH = """\
#compdef headway
# headway completion zsh: put this into a directory of $fpath as _headway
_headway() {{
    if (( CURRENT == 2 )); then
        local -a verbs=({verbs})
        _describe command verbs
        return
    fi
    if [[ $words[CURRENT-1] == --display ]]; then
        compadd -- {modes}
        return
    fi
    local at=${{words[(I)--]}}
    if [[ $words[2] == run && $at -gt 0 && $at -lt $CURRENT ]]; then
        shift $at words
        (( CURRENT -= at ))
        _normal
        return
    fi
    local -a listed=() operations=() ids=()
    [[ " {running} " == *" $words[2] "* ]] && listed=(--running)
    [[ " {latest} " == *" $words[2] "* ]] && listed=(-n {number})
    if (( $#listed )); then
        local id state name
        command headway ps $listed --format $'{{id}}\\t{{state}}\\t{{name}}' 2>/dev/null |
            while IFS=$'\\t' read -r id state name; do
                operations+=("${{name//:/\\\\\\\\:}}:$state, $id")
                ids+=("$id:$name ($state)")
            done
        _describe operation operations || _describe id ids
    fi
    case $words[2] in
{cases}
        *) _default ;;
    esac
}}
# Loaded from $fpath it is called to complete; sourced it is to be called for headway.
if [[ ${{funcstack[1]}} == _headway ]]; then
    _headway "$@"
elif (( $+functions[compdef] )); then
    compdef _headway headway
fi
"""


_FISH = """\
# headway completion fish
function __headway_operations
    command headway ps $argv --format {name}\\t'{state}, {id}' 2>/dev/null
    set -l word (commandline -ct)
    test -n "$word"; or return
    command headway ps $argv --format {id}\\t'{name} ({state})' 2>/dev/null
end
function __headway_command_at
    set -l words (commandline -opc)
    test "$words[2]" = run; and contains -i -- -- $words
end
function __headway_command
    set -l words (commandline -opc) (commandline -ct)
    set -l begin (math (__headway_command_at) + 1)
    complete -C (string join ' ' -- (string escape -n -- $words[$begin..-2]) $words[-1])
end
complete -c headway -n '__headway_command_at >/dev/null' -x -a '(__headway_command)'
"""

HELP = """\
usage: headway completion bash|zsh|fish

Print a script that completes headway's commands and options.

examples:
  source <(headway completion bash)
  source <(headway completion zsh)      after compinit
  headway completion fish > ~/.config/fish/completions/headway.fish
"""


def main(argv: list[str]) -> int:
    """Print the completion script for the shell named; return 2 for any other."""
    from headway.commands.table import VERBS  # noqa: PLC0415 - the table names this module

    made = {"bash": bash, "zsh": zsh, "fish": fish}
    if len(argv) != 1 or argv[0] not in made:
        asked = argv in (["--help"], ["-h"])
        if argv and not asked:
            sys.stderr.write(f"headway completion: there is none for {' '.join(argv)!a}\n")
        if asked:
            show_help(HELP)
        else:
            sys.stderr.write(HELP)
        return 0 if asked else 2
    sys.stdout.write(made[argv[0]]({verb: about for verb, (_, about) in VERBS.items()}))
    return 0


def bash(verbs: dict[str, str]) -> str:
    """Return the script for bash; `verbs` maps each verb to what it does."""
    cases = "\n".join(
        f'        {verb}) COMPREPLY=($(compgen -W "{_words(verb, verbs)}" -- "$word")) ;;'
        for verb in OPTIONS
    )
    return _BASH.format(verbs=" ".join(verbs), cases=cases, modes=MODES, **_operations())


def zsh(verbs: dict[str, str]) -> str:
    """Return the script for zsh."""
    described = " ".join(f"'{verb}:{about}'" for verb, about in verbs.items())
    cases = "\n".join(
        f"        {verb}) compadd -- {_words(verb, verbs)}{'; _default' * (verb in OF_FILES)} ;;"
        for verb in OPTIONS
    )
    return _ZSH.format(verbs=described, cases=cases, modes=MODES, **_operations())


def fish(verbs: dict[str, str]) -> str:
    """Return the script for fish."""
    lines = [
        f"complete -c headway -n __fish_use_subcommand -f -a {verb} -d '{about}'"
        for verb, about in verbs.items()
    ]
    fileless = " ".join(verb for verb in (*verbs, "help") if verb not in OF_FILES)
    lines.append(f"complete -c headway -n '__fish_seen_subcommand_from {fileless}' -f")
    for of, listed in ((OF_RUNNING, "--running"), (OF_LATEST, f"-n {LATEST}")):
        seen = f"-n '__fish_seen_subcommand_from {' '.join(of)}'"
        lines.append(f"complete -c headway {seen} -f -a '(__headway_operations {listed})'")
    for verb, words in OPTIONS.items():
        seen = f"-n '__fish_seen_subcommand_from {verb}'"
        for word in (words if verb != "help" else " ".join(verbs)).split():
            flag = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            value = f" -x -a '{MODES}'" if word == "--display" else ""
            lines.append(f"complete -c headway {seen} {flag}{value}")
    return _FISH + "\n".join(lines) + "\n"


def _words(verb: str, verbs: dict[str, str]) -> str:
    """Return what may follow a verb."""
    return " ".join(verbs) if verb == "help" else f"{OPTIONS[verb]} --help".strip()


def _operations() -> dict[str, str]:
    return {
        "running": " ".join(OF_RUNNING),
        "latest": " ".join(OF_LATEST),
        "number": str(LATEST),
    }
