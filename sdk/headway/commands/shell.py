"""`headway shell bash|zsh|fish`: print functions with which a script reports its progress.

An update is at most one `printf` of the shell itself into a pipe that one `headway pipe` reads: no
process is started for it. Counts that come fast are added up in the shell and written ten times a
second, and before anything else.
"""

from __future__ import annotations

import sys

from headway.host.terminfo import show_help

HELP = """\
usage: headway shell bash|zsh|fish [--prompt]

Print functions with which a script reports its progress, without a process for each update.
With --prompt also a hook of the prompt, by which each command of an interactive shell that took
10 seconds or longer is an operation: in `headway ps` and the history, and for `headway notify`.
A line that begins with a space is not noted, nor an editor or pager, nor what reports by itself.

functions:
  hw_begin NAME                      begin an operation; without it the first update does
  hw_plan A, B, C                    the stages to come; without a comma each word is one
  hw_stage NAME [total=N] [unit=U]   the next stage; the one before has completed
  hw_advance [N], hw_done N, hw_total N, hw_percent N
  hw_detail TEXT, hw_log TEXT, hw_wait REASON, hw_go, hw_skip [REASON]
  hw_end, hw_fail TEXT, hw_cancel    the end; a script that exits with a status has failed.
                                     hw_begin, hw_plan and hw_stage begin another
  hw_retry                           run the last `headway run` of this shell that failed again,
                                     in its folder; only the shell knows its words

examples:
  eval "$(headway shell bash)"
  eval "$(headway shell zsh --prompt)"
  headway shell fish | source
"""
# The reader is looked at before each update, for a write to a pipe that nobody reads ends a script.
_FUNCTIONS = """\
SETUP
_hw_fd= _hw_reader= _hw_count=0 _hw_set= _hw_at=0 _hw_over= _hw_script=${0##*/} _hw_newline=$'\\n'
hw_begin() {
    hw_end
    _hw_count=0 _hw_set= _hw_over=
    OPEN
    EXIT
    return 0
}
_hw_send() {
    if [ -z "$_hw_fd" ]; then
        if [ -n "$_hw_over" ] && [[ $1 != plan* && $1 != stage* ]]; then
            [ "$_hw_over" = told ] || echo "headway: '${1%% *}' after the end tells nobody;" \\
                "hw_begin begins another operation" >&2
            _hw_over=told
            return 0
        fi
        hw_begin "$_hw_script"
    fi
    [ "$_hw_count$_hw_set" = 0 ] || _hw_flush
    kill -0 "$_hw_reader" 2>/dev/null && printf '%s\\n' "$1" >&"$_hw_fd" 2>/dev/null || :
}
_hw_say() {
    local IFS=' '
    local hw_line="$*"
    _hw_send "${hw_line//$_hw_newline/ }"
}
hw_plan() {
    local IFS=' '
    [[ "$*" == *,* ]] || IFS=,
    local hw_names="$*"
    _hw_say plan "$hw_names"
}
hw_stage() { _hw_say stage "$@"; }
hw_advance() {
    case ${1-1} in
    '' | *[!0-9]* | ????????????????*) _hw_say advance "${1-}" ;;
    *)
        _hw_count=$((_hw_count + 10#${1-1}))
        IN_TIME || _hw_flush
        ;;
    esac
}
_hw_flush() {
    local hw_count=$_hw_count hw_set=$_hw_set
    _hw_count=0 _hw_set=
    NOTE_TIME
    [ -z "$hw_set" ] || _hw_say "$hw_set"
    [ "$hw_count" = 0 ] || _hw_send "advance $hw_count"
}
hw_done() {
    _hw_count=0 _hw_set="done ${1-}"
    IN_TIME || _hw_flush
}
hw_percent() {
    _hw_count=0 _hw_set="${1-}%"
    IN_TIME || _hw_flush
}
hw_total() { _hw_say total "${1-}"; }
hw_detail() { _hw_say detail "$@"; }
hw_log() {
    local IFS=' '
    local hw_text="$*"
    _hw_send "log ${hw_text//$_hw_newline/${_hw_newline}log }"
}
hw_wait() { _hw_say wait "$@"; }
hw_go() { _hw_send run; }
hw_skip() { _hw_say skip "$@"; }
hw_fail() { _hw_say fail "$@"; _hw_close; }
hw_cancel() { _hw_say cancel "$@"; _hw_close; }
hw_end() { [ -z "$_hw_fd" ] || { _hw_send complete; _hw_close; }; }
_hw_close() {
    [ -n "$_hw_fd" ] || return 0
    CLOSE
    wait "$_hw_reader" 2>/dev/null || :
    _hw_fd= _hw_reader= _hw_at=0 _hw_over=1
}
_hw_exit() {
    [ -z "$_hw_fd" ] && return 0
    if [ "$1" -eq 0 ]; then hw_end; else hw_fail "exit status $1"; fi
}
_hw_failed=() _hw_folder=
headway() {
    command headway "$@"
    local hw_status=$?
    if [ "${1-}" = run ] && [ $hw_status -ne 0 ]; then
        _hw_failed=("$@") _hw_folder=$PWD
    fi
    return $hw_status
}
hw_retry() {
    if [ ${#_hw_failed[@]} -eq 0 ]; then
        echo "hw_retry: no headway run of this shell has failed since headway shell was read" >&2
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
    "SETUP": ': "${EPOCHREALTIME=}"',  # a bash before 5 has none
    "OPEN": """exec {_hw_fd}> \
        >(exec headway pipe --needs-end --functions --name "${1:-$_hw_script}")
    _hw_reader=$!""",
    "CLOSE": "exec {_hw_fd}>&-",
    "IN_TIME": '[[ ${EPOCHREALTIME%?????}$SECONDS == "$_hw_at" ]]',
    "NOTE_TIME": "_hw_at=${EPOCHREALTIME%?????}$SECONDS",
    "EXIT": """[ -n "$(trap -p EXIT)" ] || trap '_hw_exit $?' EXIT""",
}
_ZSH = {
    "SETUP": "zmodload zsh/datetime\ntypeset -gF _hw_at",
    "OPEN": """setopt local_options no_monitor no_notify
    coproc command headway pipe --needs-end --functions --name "${1:-$_hw_script}"
    _hw_reader=$!
    exec {_hw_fd}>&p
    coproc :""",  # the shell's own end of the pipe is closed by the next coproc
    "CLOSE": "exec {_hw_fd}>&-",
    "IN_TIME": "(( _hw_at <= EPOCHREALTIME && EPOCHREALTIME < _hw_at + .1 ))",
    "NOTE_TIME": "(( _hw_at = EPOCHREALTIME ))",
    "EXIT": """typeset -ga zshexit_functions
    zshexit_functions=(${zshexit_functions:#_hw_leave} _hw_leave)
    _hw_leave() { _hw_exit $?; }""",
}
# fish keeps no descriptor open, so each line opens a named pipe; nor has it a clock, so the reader
# removes the file `hold` a tenth of a second after a count. What waits for that is a text, for a
# list costs what it holds at each step: a line a step, of which the first may begin with `=` and
# set the count. `_hw_holder` keeps the pipe from its end while the shell lives, and from blocking
# the shell where nobody reads any more.
_FISH = """\
set -g _hw_pipe ''
set -g _hw_hold ''
set -g _hw_steps ''
set -g _hw_over ''
set -g _hw_script (string replace -r '.*/' '' -- (status filename))
test -n "$_hw_script"; and test "$_hw_script" != -; or set -g _hw_script fish
function hw_begin
    hw_end
    set -g _hw_over ''
    set -g _hw_folder (command mktemp -d); or return 0
    set -g _hw_pipe $_hw_folder/pipe
    set -g _hw_hold $_hw_folder/hold
    command mkfifo -m 600 $_hw_pipe
    command sh -c 'exec 3<>"$1"; while kill -0 "$2" && kill -0 "$3" && [ -p "$1" ]; do sleep 1; done
        exec 3>&-; sleep 2; rm -rf "${1%/*}"' sh $_hw_pipe $fish_pid $fish_pid >/dev/null 2>&1 &
    set -g _hw_holder $last_pid
    test -n "$argv[1]"; or set argv $_hw_script
    command headway pipe --needs-end --functions --pace $_hw_hold --name "$argv[1]" <$_hw_pipe &
    set -g _hw_reader $last_pid
    function _hw_exit --on-process-exit $fish_pid
        test -z "$_hw_pipe"; and return
        if test $argv[3] -eq 0; hw_end; else; hw_fail exit status $argv[3]; end
    end
end
function _hw_send
    if test -z "$_hw_pipe"
        if test -n "$_hw_over"; and not string match -qr '^(plan|stage)' -- "$argv[1]"
            set -l hw_word (string split ' ' -- "$argv[1]")[1]
            test $_hw_over = told
            or echo "headway: '$hw_word' after the end tells nobody;" \\
                'hw_begin begins another operation' >&2
            set -g _hw_over told
            return 0
        end
        hw_begin $_hw_script
    end
    test -n "$_hw_pipe"; or return 0
    test -z "$_hw_steps"; or _hw_flush
    jobs -q $_hw_reader; and printf '%s\\n' $argv >$_hw_pipe
    return 0
end
function _hw_say; _hw_send (string replace -a \\n ' ' -- "$argv"); end
function hw_plan
    string match -q '*,*' -- "$argv"; or set argv (string join ', ' -- $argv)
    _hw_say plan $argv
end
function hw_stage; _hw_say stage $argv; end
function hw_advance
    set -g _hw_steps $_hw_steps"$argv"\\n
    test -e $_hw_hold; or _hw_flush
end
function _hw_flush
    set -l steps (string split \\n -- $_hw_steps)[1..-2]
    set -l said (string replace -rf '^=' '' -- $steps)
    set -l others (string match -rv '^(=|$)' -- $steps)
    set -g _hw_steps ''
    test -z "$_hw_hold"; or true >$_hw_hold
    set -l ones (math (count $steps) - (count $said) - (count $others))
    test $ones -eq 0; or set -a said "advance $ones"
    _hw_send $said 'advance '$others
end
function hw_done
    set -g _hw_steps "=done $argv"\\n
    test -e $_hw_hold; or _hw_flush
end
function hw_percent
    set -g _hw_steps "=$argv[1]%"\\n
    test -e $_hw_hold; or _hw_flush
end
function hw_total; _hw_say total $argv; end
function hw_detail; _hw_say detail $argv; end
function hw_log; _hw_send 'log '(string split \\n -- "$argv"); end
function hw_wait; _hw_say wait $argv; end
function hw_go; _hw_send run; end
function hw_skip; _hw_say skip $argv; end
function hw_fail; _hw_say fail $argv; _hw_close; end
function hw_cancel; _hw_say cancel $argv; _hw_close; end
function hw_end
    test -z "$_hw_pipe"; and return 0
    _hw_send complete
    _hw_close
end
function _hw_close
    test -n "$_hw_pipe"; or return 0
    set -g _hw_over 1
    command kill $_hw_holder 2>/dev/null
    wait $_hw_reader 2>/dev/null
    command rm -rf $_hw_folder
    set -g _hw_pipe ''
    set -g _hw_hold ''
end
function headway
    command headway $argv
    set -l hw_status $status
    if test "$argv[1]" = run -a $hw_status -ne 0
        set -g _hw_failed $argv
        set -g _hw_failed_in $PWD
    end
    return $hw_status
end
function hw_retry
    if not set -q _hw_failed[1]
        echo 'hw_retry: no headway run of this shell has failed since headway shell was read' >&2
        return 1
    end
    set -l hw_before $PWD
    cd $_hw_failed_in; or return 1
    headway $_hw_failed
    set -l hw_status $status
    cd $hw_before
    return $hw_status
end
"""
SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": {}}
# Of a command that took 10 s its line goes through a pipe, for everybody sees the arguments of a
# process. The prompt does not wait.
_PROMPTS = {
    "bash": """\
_hw_began= _hw_number=0 _hw_before=0 _hw_none= _hw_first=
PS0=${PS0-}'${_hw_none:$((_hw_began=SECONDS,_hw_before=_hw_number,_hw_number=\\!,0)):0}'
_hw_prompt() {
    local hw_status=$? hw_lasted hw_number hw_line
    if [ -n "$_hw_began" ]; then
        hw_lasted=$((SECONDS - _hw_began))
        _hw_began=
        if [ $hw_lasted -ge LONG ]; then
            read -r hw_number hw_line <<< "$(HISTTIMEFORMAT= builtin history 1)"
            # What the history has not taken was hidden, unless it is the same line again.
            if [[ $_hw_number != "$_hw_before" || -n $_hw_first && $hw_line == "$_hw_first"* ]] &&
                [[ ${hw_number%\\*} == "$_hw_number" ]]; then
                (printf '%s\\n' "$hw_line" |
                    command headway shell note "$hw_lasted" "$hw_status" >/dev/null &)
            fi
        fi
    fi
    return $hw_status
}
_hw_arm() {
    _hw_first=
    [ -n "$(trap -p DEBUG)" ] || trap '_hw_first=$BASH_COMMAND; trap - DEBUG' DEBUG
}
PROMPT_COMMAND="_hw_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}; _hw_arm"
""",
    "zsh": """\
zmodload zsh/datetime
_hw_preexec() { _hw_began=$EPOCHSECONDS _hw_line=$1; }
_hw_precmd() {
    local hw_status=$? hw_lasted
    if [[ -n $_hw_began ]]; then
        hw_lasted=$((EPOCHSECONDS - _hw_began))
        _hw_began=
        if [[ $hw_lasted -ge LONG && $_hw_line != ' '* ]]; then
            (print -r -- "$_hw_line" |
                command headway shell note $hw_lasted $hw_status >/dev/null &)
        fi
    fi
    return $hw_status
}
_hw_began= _hw_line=
autoload -Uz add-zsh-hook
add-zsh-hook preexec _hw_preexec
add-zsh-hook precmd _hw_precmd
""",
    "fish": """\
function _hw_postexec --on-event fish_postexec
    set -l hw_status $status
    test $CMD_DURATION -ge LONG000; or return
    string match -q ' *' -- $argv[1]; and return
    printf '%s\\n' $argv[1] |
        command headway shell note (math $CMD_DURATION / 1000) $hw_status >/dev/null &
    disown
end
""",
}
LONG_COMMAND = 10  # seconds from which on a command is noted


def main(argv: list[str]) -> int:
    """Print the functions for the shell named; return 2 for any other."""
    if argv[:1] == ["note"]:
        from headway.run.commands.note import main as note  # noqa: PLC0415 - it reports

        return note(argv[1:])
    with_prompt = argv[1:] == ["--prompt"]
    if not (len(argv) == 1 or with_prompt) or argv[0] not in SHELLS:
        asked = argv in (["--help"], ["-h"])
        if argv and not asked:
            *most, last = SHELLS
            sys.stderr.write(
                f"headway shell: there are functions for {', '.join(most)} and {last} only;"
                " see `headway shell --help`\n"
            )
        elif asked:
            show_help(HELP)
        else:
            sys.stderr.write(HELP)
        return 0 if asked else 2
    sys.stdout.write(functions(argv[0]) + (prompt_hook(argv[0]) if with_prompt else ""))
    return 0


def functions(shell: str) -> str:
    """Return the functions for a shell of `SHELLS`."""
    if shell == "fish":
        return _FISH
    made = _FUNCTIONS
    for word, code in SHELLS[shell].items():
        made = made.replace(word, code)
    return made


def prompt_hook(shell: str, seconds: int = LONG_COMMAND) -> str:
    """Return the hook that notes each command which took so many seconds."""
    return _PROMPTS[shell].replace("LONG", str(seconds))
