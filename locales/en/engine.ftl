# How the server does
host-engine = How the server is doing
engine-up = These are the figures of the server process that answered you; it has run for { $span }. They come anew every few seconds. Where two times stand, half took no longer than the first, and 99 in 100 no longer than the second.
engine-good = Everything here is as it should be.
engine-odd = Not as it should be. Each says below what to do:
engine-chip = Look here
engine-none = Nobody has asked for anything since this server started. Figures come with the first claim.
engine-figure = What
engine-last = Now (10 s)
engine-minute = 1 minute
engine-more = What is normal, and what to do
engine-ms = { $n } ms
engine-us = { $n } µs
engine-mib = { $n } MiB
engine-of-fans = What fans get
engine-of-journal = Batches and journal
engine-of-machine = This machine
engine-of-tables = Tables

# What fans get
engine-not-open = Drops that are not served
engine-not-open-more = Normally 0. Otherwise “The day” shows which, and each one’s page says what to do.
engine-claims = Claims a second
engine-claims-more = 0 while nothing is on. After an opening it rises within a second.
engine-refused = Refusals a second
engine-refused-more = However many there are, that is normal as long as it is because something is sold out, not open yet or over, or somebody has enough.
engine-refused-session = Refused: no session
engine-refused-fast = Refused: too many requests
engine-refused-fast-more = A few are normal. If they are many and fans complain, a proxy in front of the server may not be named with --trusted-proxy: then all who come through it count as one caller.
engine-refused-busy = Refused: busy
engine-refused-busy-more = Normally 0. Nothing was done, and pages ask again by themselves. If it goes on, look at the commits below, and at the log.
engine-refused-unsure = Told: not known yet
engine-refused-unsure-more = Normally 0. For 5 s it was not known whether a commit went in. Look at the disk or the database, then at the log. Whoever asks again hears what is true.
engine-refused-code = Refused: { $code }
engine-answer = From a claim to its answer
engine-answer-more = Normally below 50 ms. If the second time is above 1 s, look at the commits below, then at the CPU.

# Batches and journal
engine-batches = Batches a second
engine-batches-more = At most some 300: while one is committed, the next collects.
engine-commands = Claims and other requests a batch
engine-commands-more = The busier, the more, up to 4,096. That is how it keeps up.
engine-decision = From a claim to its decision
engine-decision-more = Normally below 20 ms. If it grows and commits do not, the server has more to do than it can: look at the CPU.
engine-commits = Commits a second
engine-commits-more = Each writes the rows of one batch or of several drops. Quiet drops write nothing.
engine-commit = A commit
engine-commit-more = Normally below 20 ms. If the second time is above 200 ms, the disk or the database is slow: see what else uses it, and run “fanfare doctor”.
engine-unknown = Commits in doubt
engine-unknown-more = Normally 0. The same rows are written again until it is known that they are there; nothing is lost. The log says why.

# This machine
engine-cpu = CPU in use, of all cores
engine-cpu-more = May be full for some seconds at an opening. If it stays above 90 %, see what else runs here. Fans then wait longer; nothing is lost.
engine-cpu-claim = CPU a claim
engine-cpu-claim-more = All the server did meanwhile, refusals too, divided by the claims. It says something only while many claim: then it is well below 1 ms.
engine-memory = Memory of this process
engine-memory-more = Grows with claims and open connections, and stays.
engine-free = Memory that is free on the machine
engine-free-more = If less than a tenth is left, see what else runs here. A server that finds no more is ended by the machine; started again, it has every claim.
engine-connections = Open connections
engine-connections-more = About as many as there are fans with a page open. “fanfare doctor” says how many the server may have.
engine-watchers = Watching the live totals
engine-watchers-more = The more there are, the more seldom each is told, every 2 s at the least.

# Tables
engine-rows = Rows that are not in the tables yet
engine-rows-more = Claims do not wait for them, only lists and searches do. They go back to 0 after a rush.
engine-waiting = Longest wait for the tables
engine-waiting-more = The oldest of these rows. Normally below 1 s. If it stays above 10 s, the tables’ database is slow or away: claims go on; look at the log.
engine-stopped = Drops whose tables stand still
engine-stopped-more = Normally 0. Claims go on. Run “fanfare verify”, which says whether the tables or the journal are wrong.
