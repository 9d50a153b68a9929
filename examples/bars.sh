#!/bin/sh
# Report the steps of a shell script to the `headway run --patch` (or `headway patch`) around it.
#
#   headway patch -- examples/bars.sh
#
# Without Headway around it, it works as if none of this were there. `headway pipe` is simpler where
# a script is one operation of its own; here it is a part of what runs it.
report=/dev/null
if [ -S "${HEADWAY_BARS:-}" ]; then
    folder=$(mktemp -d) || exit 1
    report=$folder/lines
    mkfifo "$report"
    # What connects a pipe to a Unix socket: whichever of them there is.
    if command -v socat >/dev/null; then
        socat -u - "UNIX-CONNECT:$HEADWAY_BARS" <"$report" &
    elif command -v ncat >/dev/null; then
        ncat -U --send-only "$HEADWAY_BARS" <"$report" &
    else
        perl -MIO::Socket::UNIX -e '
            my $to = IO::Socket::UNIX->new(Peer => shift) or exit;
            $to->autoflush(1);
            while (<STDIN>) { print $to $_ or last }
        ' "$HEADWAY_BARS" <"$report" &
    fi
    reporter=$!
fi
exec 3>"$report"
trap '[ -z "${reporter:-}" ] || { exec 3>&-; wait "$reporter"; rm -r "$folder"; }' EXIT

bar() { # NUMBER WORDS…: a line of one bar; `headway pipe --help` lists the words
    number=$1
    shift
    printf '@%s %s\n' "$number" "$*" >&3
}

bar 1 stage Copy unit=files total=3
done=0
for file in alpha beta gamma; do
    bar 1 detail "$file"
    sleep 0.05
    done=$((done + 1))
    bar 1 "done" "$done"
done
bar 1 complete

bar 2 stage Verify total=100
bar 2 50%
bar 2 stop
echo copied
