"""`headway completion`: print the completion script of a shell."""

from __future__ import annotations

import sys

OPTIONS = {
    "run": "--name --display --as --no-parse --fail-if --file --output",
    "attach": "--name --display",
    "view": "--display --until-done --clock --timeout",
    "ps": "--running --failed --since --all --json --format --line --clock",
    "logs": "--follow",
    "wait": "--all --timeout --brief",
    "cancel": "--reason --kill",
    "pause": "",
    "resume": "",
    "history": "--forget --all --accuracy --json --csv",
    "why": "--json",
    "web": "--port --no-open --listen --certificate --key --insecure",
    "mcp": "--allow-cancel",
    "record": "--until-done",
    "replay": "--speed --display --estimates --tick --history",
    "broker": "run status stop",
    "completion": "bash zsh fish",
}
_BASH = """\
# Source this, or put it into ~/.local/share/bash-completion/completions/headway.
_headway() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
        *) COMPREPLY=() ;;
    esac
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
    case $words[2] in
{cases}
        *) _default ;;
    esac
}}
_headway "$@"
"""


def main(argv: list[str]) -> int:
    """Print the completion script for the shell named; return 2 for any other."""
    from headway.commands.table import VERBS  # noqa: PLC0415 - the table names this module

    made = {"bash": bash, "zsh": zsh, "fish": fish}
    if len(argv) != 1 or argv[0] not in made:
        asked = argv in (["--help"], ["-h"])
        (sys.stdout if asked else sys.stderr).write(
            "usage: headway completion bash|zsh|fish\n\n"
            "Print a script that completes headway's commands and options.\n\n"
            "examples:\n"
            "  source <(headway completion bash)\n"
            "  headway completion fish > ~/.config/fish/completions/headway.fish\n"
        )
        return 0 if asked else 2
    sys.stdout.write(made[argv[0]]({verb: about for verb, (_, about) in VERBS.items()}))
    return 0


def bash(verbs: dict[str, str]) -> str:
    """Return the script for bash; `verbs` maps each verb to what it does."""
    cases = "\n".join(
        f'        {verb}) COMPREPLY=($(compgen -W "{words} --help" -- "$word")) ;;'
        for verb, words in OPTIONS.items()
    )
    return _BASH.format(verbs=" ".join(verbs), cases=cases)


def zsh(verbs: dict[str, str]) -> str:
    """Return the script for zsh."""
    described = " ".join(f"'{verb}:{about}'" for verb, about in verbs.items())
    cases = "\n".join(
        f"        {verb}) compadd -- {words} --help; _default ;;" for verb, words in OPTIONS.items()
    )
    return _ZSH.format(verbs=described, cases=cases)


def fish(verbs: dict[str, str]) -> str:
    """Return the script for fish."""
    lines = ["# headway completion fish"]
    lines += [
        f"complete -c headway -n __fish_use_subcommand -a {verb} -d '{about}'"
        for verb, about in verbs.items()
    ]
    for verb, words in OPTIONS.items():
        seen = f"-n '__fish_seen_subcommand_from {verb}'"
        for word in words.split():
            flag = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f"complete -c headway {seen} {flag}")
    return "\n".join(lines) + "\n"
