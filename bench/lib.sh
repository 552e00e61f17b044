# What the scripts of this folder share, beside what acceptance/lib.sh has. Each measures, keeps
# its points in a table, and ends with `report`; with --write that goes into docs/.

. "$(dirname "${BASH_SOURCE[0]}")/../acceptance/lib.sh"

DOCUMENT="$ROOT/docs/performance.md"
FACTS="$TMP/facts.tsv"

# fact NAME VALUE: what it was measured with, as a figure and for the table.
fact() {
    figure "${1// /_}" "$2"
    printf '%s\t%s\n' "$1" "$2" >>"$FACTS"
}

# over A B, times A B: A / B, A * B as a whole number.
over() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.6f\n", a / b }'; }
times() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f\n", a * b }'; }

# value_in KEY FILE: the first plain value of a key in JSON.
value_in() { pick "$1" "$2" | head -n 1; }

# build_all: the release builds of Fanfare and of $COMPARE, which makes tables and pictures.
build_all() {
    build
    (cd "$ROOT" && cargo build --release --quiet -p fanfare-compare) || fails "the release build"
    COMPARE="$(dirname "$FANFARE")/fanfare-compare"
}

# synced_writes: 4 KiB written and synced a second, which is what bounds whoever syncs each claim.
synced_writes() {
    local began count=300
    began="$(now)"
    dd if=/dev/zero of="$TMP/synced" bs=4096 count="$count" oflag=dsync conv=notrunc 2>/dev/null
    awk -v a="$began" -v b="$(now)" -v n="$count" 'BEGIN { printf "%.0f\n", n / (b - a) }'
    rm "$TMP/synced"
}

# tell_machine: what it is, and how busy with others. Its folder for temporary files has to be on
# a disk.
tell_machine() {
    local model type
    type="$(df --output=fstype "$TMP" | tail -n 1)"
    case $type in
    tmpfs | ramfs) fails "$TMP is in memory: set TMPDIR to a folder on the disk you will serve from" ;;
    esac
    model="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    fact processor "$(nproc) × ${model:-$(uname -m)}"
    fact kernel "$(uname -sr)"
    fact 'file system' "$type"
    fact 'synced writes of 4 KiB a second' "$(synced_writes)"
    fact Fanfare "$("$FANFARE" --version | cut -d ' ' -f 2), $(git describe --always --dirty)"
    fact 'load average before' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# report NAME [--write]: prints the figures and the tables of the points in $TMP/NAME.tsv. With
# --write tables, picture and points go into docs/, so that the document shows this run.
report() {
    fact 'load average after' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
    "$COMPARE" "$1" "$TMP/$1.tsv" "$FACTS" "$TMP/$1" || fails "the report"
    cat "$TMP/$1.md"
    if [ "${2:-}" = --write ]; then
        cp "$TMP/$1.svg" "$TMP/$1.tsv" "$ROOT/docs/performance/"
        "$COMPARE" write "$DOCUMENT" "bench/$1" "$TMP/$1.md" || fails "the document"
    fi
}
