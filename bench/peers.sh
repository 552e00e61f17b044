# What bench/compare measures: a function a peer, which sets CLAIMS and PASSED_S, and fails if the
# peer's stock, holders and numbers do not agree afterwards. Each begins with nobody holding any.
#
# A setting is words: `connections=16 depth=64 cores=split`. `cores=split` is the server on the first
# core and its client on the second, as `fanfare bench http` has it; `cores=shared` lets both run
# on every core.

# Units there are; more than anybody takes in a measurement.
STOCK=1000000000
# Seconds a client runs before it is counted.
WARM_UP_S=0.5
ALL_CORES="0-$(($(nproc) - 1))"

# place CORES PID…: puts a server's processes where CORES says, with whatever they start later, and
# sets CLIENT_CORES to where its client is to run.
place() {
    local server=0 pid
    CLIENT_CORES=1
    if [ "$1" = shared ]; then
        server=$ALL_CORES
        CLIENT_CORES=$ALL_CORES
    fi
    shift
    for pid; do
        # One that has ended in the meantime needs no place.
        taskset -acp "$server" "$pid" >/dev/null 2>&1 || [ ! -d "/proc/$pid" ] || fails "taskset"
    done
}

# --- Fanfare ----------------------------------------------------------------------------------

# measure_lane: a million claims into one lane, in process, in batches as large as a server makes
# them; every answer is looked at.
measure_lane() {
    "$FANFARE" bench engine --rounds 1 --alone --batch 4096 --data "$TMP/bench" \
        --json "$TMP/lane.json" \
        >"$TMP/lane.out" 2>&1 || fails "fanfare bench engine: $(tail -n 3 "$TMP/lane.out")"
    rm -rf "$TMP/bench"
    CLAIMS="$(value_in claims "$TMP/lane.json")"
    PASSED_S="$(over "$CLAIMS" "$(value_in claims_per_s "$TMP/lane.json")")"
}

# measure_http SECONDS SETTING: claims over HTTP and, in turns with them, the bare server; every
# answer is looked at. Sets BARE_CLAIMS too.
measure_http() {
    local connections=256 cores=split
    # shellcheck disable=SC2086 # a setting is words
    local $2
    [ "$cores" = split ] || fails "bench http has its servers on a core of their own"
    "$FANFARE" bench http --rounds 1 --seconds "$1" --connections "$connections" --data "$TMP/bench" --json "$TMP/http.json" \
        >"$TMP/http.out" 2>&1 || fails "fanfare bench http: $(tail -n 3 "$TMP/http.out")"
    rm -rf "$TMP/bench"
    PASSED_S=$1
    CLAIMS="$(times "$(value_in claims_per_s "$TMP/http.json")" "$1")"
    BARE_CLAIMS="$(times "$(value_in bare_claims_per_s "$TMP/http.json")" "$1")"
}

# --- Redis ------------------------------------------------------------------------------------

declare -A REDIS_PORT REDIS_PID

# redis_server SYNCED IO: starts the Redis of this kind once; SYNCED is its append-only file, `no`
# or `yes`, IO how many threads read and write its sockets.
redis_server() {
    local kind="$1-$2" folder
    if [ -n "${REDIS_PID[$kind]:-}" ]; then return; fi
    folder="$TMP/redis-$kind"
    mkdir "$folder"
    REDIS_PORT[$kind]="$(free_port)"
    redis-server --bind 127.0.0.1 --port "${REDIS_PORT[$kind]}" --dir "$folder" --save '' \
        --appendonly "$1" --appendfsync always --auto-aof-rewrite-percentage 0 \
        --io-threads "$2" --io-threads-do-reads yes >"$folder/log" 2>&1 &
    REDIS_PID[$kind]=$!
    SERVERS+=("$!")
    # Nobody waits for it, and its end is no news.
    disown "$!"
    until_true 10 redis-cli -p "${REDIS_PORT[$kind]}" ping >/dev/null \
        || fails "Redis does not start: $(tail -n 3 "$folder/log")"
}

# redis_item PORT STOCK: one item, nobody holding any; prints the script's name.
redis_item() {
    redis-cli -p "$1" FLUSHALL SYNC >/dev/null
    redis-cli -p "$1" MSET free "$2" last 0 >/dev/null
    redis-cli -p "$1" SCRIPT LOAD "$(cat "$ROOT/bench/claim.lua")"
}

# redis_now PORT: the server's clock in µs, units free, the last number, and holders, in one moment.
redis_now() {
    redis-cli -p "$1" EVAL "local at = redis.call('TIME')
        local is = redis.call('MGET', 'free', 'last')
        local holders = redis.call('HLEN', 'holders')
        return {at[1] * 1000000 + at[2], tonumber(is[1]), tonumber(is[2]), holders}" 0
}

# redis_alone PORT: whether nobody is connected but who asks.
redis_alone() { redis-cli -p "$1" INFO clients | grep -q '^connected_clients:1.$'; }

# redis_numbers PORT: whether the holders' numbers are 1, 2, 3 … up to the last, each once.
redis_numbers() {
    redis-cli -p "$1" EVAL "local last = tonumber(redis.call('GET', 'last'))
        local seen, numbers = {}, redis.call('HVALS', 'holders')
        for _, number in ipairs(numbers) do seen[tonumber(number)] = true end
        for number = 1, last do if not seen[number] then return 0 end end
        return #numbers == last and 1 or 0" 0 | grep -qx 1
}

# redis_answers PORT: what the script answers three fans who ask for two units, two of them again.
redis_answers() {
    local port=$1 script fan
    script="$(redis_item "$port" 2)"
    for fan in 7 7 9 8 9 7; do
        redis-cli -p "$port" EVALSHA "$script" 0 "$fan"
    done | xargs
}

# measure_redis SYNCED SECONDS SETTING: claims by fans drawn from two thousand million. What was
# counted are new holders by the server's own clock; a fan drawn twice is none.
measure_redis() {
    local synced=$1 seconds=$2 connections=1 depth=1 cores=split threads=1 io=1
    # shellcheck disable=SC2086 # a setting is words
    local $3
    local port script several=() began ended
    redis_server "$synced" "$io"
    port="${REDIS_PORT[$synced-$io]}"
    place "$cores" "${REDIS_PID[$synced-$io]}"
    script="$(redis_item "$port" "$STOCK")"
    if [ "$threads" -gt 1 ]; then several=(--threads "$threads"); fi
    taskset -c "$CLIENT_CORES" redis-benchmark -p "$port" -c "$connections" -P "$depth" \
        "${several[@]}" -r 2147483647 -n 2000000000 -q EVALSHA "$script" 0 __rand_int__ \
        >"$TMP/redis-benchmark" 2>&1 &
    PID=$!
    SERVERS+=("$PID")
    sleep "$WARM_UP_S"
    mapfile -t began < <(redis_now "$port")
    sleep "$seconds"
    mapfile -t ended < <(redis_now "$port")
    stop || true
    [ "${#ended[@]}" -eq 4 ] || fails "Redis: $(tr '\r' '\n' <"$TMP/redis-benchmark" | tail -n 1)"
    CLAIMS=$((ended[2] - began[2]))
    PASSED_S="$(over "$((ended[0] - began[0]))" 1000000)"
    [ "${ended[2]}" -eq "${ended[3]}" ] && [ "${ended[1]}" -eq $((STOCK - ended[2])) ] \
        || fails "Redis: ${ended[1]} free, ${ended[3]} holders, last number ${ended[2]}"
    until_true 10 redis_alone "$port" || fails "Redis: its clients do not go"
    redis_numbers "$port" || fails "Redis: a number is missing or given twice"
}

# --- PostgreSQL -------------------------------------------------------------------------------

# What it is given beyond its defaults: memory, and room for its log, so that no checkpoint falls
# into a measurement.
POSTGRES_GIVEN=(--shared_buffers=1GB --max_wal_size=8GB --min_wal_size=2GB
    --checkpoint_timeout=1h)

sql() { "$PGBIN/psql" "$POSTGRES" -Atqc "$1"; }

postgres_server() {
    postgres POSTGRES "${POSTGRES_GIVEN[@]}" >/dev/null
    disown "${SERVERS[-1]}"
    POSTMASTER="$(head -n 1 "$TMP/postgres-POSTGRES/data/postmaster.pid")"
    SERVERS+=("$POSTMASTER")
    "$PGBIN/psql" "$POSTGRES" -Atq -v ON_ERROR_STOP=1 -f "$ROOT/bench/postgres/schema.sql"
}

# postgres_settings: the settings a claim's safety and speed rest on, as the server tells them.
postgres_settings() {
    sql "SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name)
        FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes',
        'shared_buffers', 'max_wal_size', 'min_wal_size', 'checkpoint_timeout', 'wal_level',
        'wal_sync_method', 'commit_delay', 'default_transaction_isolation')"
}

# measure_postgres SCRIPT SECONDS SETTING: claims by fans who each ask once.
measure_postgres() {
    local script=$1 seconds=$2 clients=1 batch=1 cores=split threads=1 committed told
    # shellcheck disable=SC2086 # a setting is words
    local $3
    # shellcheck disable=SC2046 # so are the processes
    place "$cores" "$POSTMASTER" $(cat "/proc/$POSTMASTER/task/$POSTMASTER/children")
    sql 'TRUNCATE claim' && sql "UPDATE item SET free = $STOCK, last = 0" \
        && sql 'VACUUM item' && sql CHECKPOINT
    taskset -c "$CLIENT_CORES" "$PGBIN/pgbench" --no-vacuum --protocol=prepared \
        --file="$ROOT/bench/postgres/$script.sql" --client="$clients" --jobs="$threads" \
        --time="$seconds" --define=n=0 --define=batch="$batch" "$POSTGRES" \
        >"$TMP/pgbench" 2>&1 || fails "pgbench: $(tail -n 3 "$TMP/pgbench")"
    committed="$(sed -n 's/^number of transactions actually processed: //p' "$TMP/pgbench")"
    # Behind one row's lock very many clients may not get a single claim done in a short point.
    PASSED_S=$seconds
    if [ "$committed" -gt 0 ]; then
        PASSED_S="$(over "$committed" "$(sed -n 's/^tps = \([0-9.]*\) .*/\1/p' "$TMP/pgbench")")"
    fi
    CLAIMS="$(sql 'SELECT last FROM item')"
    told="$(sql "SELECT $STOCK - free, count(claim), count(DISTINCT number),
        coalesce(max(number), 0)
        FROM item LEFT JOIN claim ON true GROUP BY free")"
    [ "$told" = "$CLAIMS|$CLAIMS|$CLAIMS|$CLAIMS" ] \
        || fails "PostgreSQL: last number $CLAIMS; taken, holders, numbers, highest: $told"
}

# --- SQLite -----------------------------------------------------------------------------------

# measure_sqlite SECONDS SETTING: a batch a transaction; the program itself looks at the end. Sets
# SQLITE_SETTINGS.
measure_sqlite() {
    local batch=1
    # shellcheck disable=SC2086 # a setting is words
    local $2
    IFS=$'\t' read -r CLAIMS PASSED_S SQLITE_SETTINGS \
        < <("$COMPARE" sqlite "$TMP/sqlite" "$batch" "$1") || fails "SQLite"
}
