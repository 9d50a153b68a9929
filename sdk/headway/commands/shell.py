"""`headway shell bash|zsh`: print functions with which a script reports its progress.

An update is at most one `printf` of the shell itself into a pipe that one `headway pipe` reads: no
process is started for it. Counts that come fast are added up in the shell and written ten times a
second, and before anything else.
"""

from __future__ import annotations

import sys

HELP = """\
usage: headway shell bash|zsh

Print functions with which a script reports its progress, without a process for each update.

functions:
  hw_begin NAME                      begin an operation; without it the first update does
  hw_plan A, B, C                    the stages to come
  hw_stage NAME [total=N] [unit=U]   the next stage; the one before has completed
  hw_advance [N], hw_done N, hw_total N, hw_percent N
  hw_detail TEXT, hw_log TEXT, hw_wait REASON, hw_go, hw_skip [REASON]
  hw_end, hw_fail TEXT, hw_cancel    the end; a script that exits with a status has failed
  hw_retry                           run the last `headway run` of this shell that failed again,
                                     in its folder; only the shell knows its words

examples:
  eval "$(headway shell bash)"
  eval "$(headway shell zsh)"
"""
# The reader is looked at before each update, for a write to a pipe that nobody reads ends a script.
_FUNCTIONS = """\
TICK_SETUP
_hw_fd= _hw_reader= _hw_count=0 _hw_at= _hw_script=${0##*/}
hw_begin() {
    hw_end
    OPEN
    EXIT
    return 0
}
_hw_send() {
    [ -n "$_hw_fd" ] || hw_begin "$_hw_script"
    [ "$_hw_count" = 0 ] || _hw_flush
    kill -0 "$_hw_reader" 2>/dev/null && printf '%s\\n' "$1" >&"$_hw_fd" 2>/dev/null
    return 0
}
hw_plan() { _hw_send "plan $*"; }
hw_stage() { _hw_send "stage $*"; }
hw_advance() {
    _hw_count=$((_hw_count + ${1:-1}))
    [[ TICK == "$_hw_at" ]] || _hw_flush
}
_hw_flush() {
    local hw_count=$_hw_count
    _hw_count=0 _hw_at=TICK
    _hw_send "advance $hw_count"
}
hw_done() { _hw_send "done $1"; }
hw_total() { _hw_send "total $1"; }
hw_percent() { _hw_send "$1%"; }
hw_detail() { _hw_send "detail $*"; }
hw_log() { _hw_send "log $*"; }
hw_wait() { _hw_send "wait $*"; }
hw_go() { _hw_send run; }
hw_skip() { _hw_send "skip $*"; }
hw_fail() { _hw_send "fail $*"; _hw_close; }
hw_cancel() { _hw_send "cancel $*"; _hw_close; }
hw_end() { [ -z "$_hw_fd" ] || { _hw_send complete; _hw_close; }; }
_hw_close() {
    CLOSE
    wait "$_hw_reader" 2>/dev/null
    _hw_fd= _hw_reader=
    return 0
}
_hw_exit() {
    [ -z "$_hw_fd" ] && return 0
    if [ "$1" -eq 0 ]; then hw_end; else hw_fail "exit status $1"; fi
}
_hw_failed=() _hw_folder=
headway() {
    command headway "$@"
    local hw_status=$?
    if [ "$1" = run ] && [ $hw_status -ne 0 ]; then
        _hw_failed=("$@") _hw_folder=$PWD
    fi
    return $hw_status
}
hw_retry() {
    if [ ${#_hw_failed[@]} -eq 0 ]; then
        echo "hw_retry: no headway run of this shell has failed" >&2
        return 1
    fi
    local hw_before=$PWD hw_status
    cd -- "$_hw_folder" || return 1
    headway "${_hw_failed[@]}"
    hw_status=$?
    cd -- "$hw_before"
    return $hw_status
}
"""
_BASH = {
    "OPEN": """exec {_hw_fd}> >(exec headway pipe --needs-end --name "$1")
    _hw_reader=$!""",
    "CLOSE": "exec {_hw_fd}>&-",
    "TICK_SETUP": ":",
    "TICK": "${EPOCHREALTIME%?????}$SECONDS",
    "EXIT": """[ -n "$(trap -p EXIT)" ] || trap '_hw_exit $?' EXIT""",
}
_ZSH = {
    "OPEN": """setopt local_options no_monitor no_notify
    coproc command headway pipe --needs-end --name "$1"
    _hw_reader=$!
    exec {_hw_fd}>&p
    coproc :""",  # the shell's own end of the pipe is closed by the next coproc
    "CLOSE": "exec {_hw_fd}>&-",
    "TICK_SETUP": "zmodload zsh/datetime",
    "TICK": "${EPOCHREALTIME[1,12]}",
    "EXIT": """zshexit_functions=(${zshexit_functions:#_hw_leave} _hw_leave)
    _hw_leave() { _hw_exit $?; }""",
}
SHELLS = {"bash": _BASH, "zsh": _ZSH}


def main(argv: list[str]) -> int:
    """Print the functions for the shell named; return 2 for any other."""
    if len(argv) != 1 or argv[0] not in SHELLS:
        asked = argv in (["--help"], ["-h"])
        if argv and not asked:
            sys.stderr.write(
                f"headway shell: there are functions for {' and '.join(SHELLS)} only\n\n"
            )
        (sys.stdout if asked else sys.stderr).write(HELP)
        return 0 if asked else 2
    sys.stdout.write(functions(argv[0]))
    return 0


def functions(shell: str) -> str:
    """Return the functions for a shell of `SHELLS`."""
    made = _FUNCTIONS
    for word, code in SHELLS[shell].items():
        made = made.replace(word, code)
    return made
