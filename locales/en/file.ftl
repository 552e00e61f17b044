# Faults of a festival file; terminals read these too
file-more = { $n } more from here on; correct those above first
file-too-large = the file is larger than { $kib } KiB; write the festival shorter, or as several festivals
file-unread = cannot be read ({ $why }); write the path of a festival file
file-not-utf8 = the byte { $byte } is not UTF-8; save the file with the encoding UTF-8
the-file = the file

# Its form
toml-twice = this key is written twice; write it once
toml-no-value = this key has no value; write an equals sign and its value
toml-unquoted = this value is not a number, true, false or a time; write text in double quotes
toml-fault = this is not TOML ({ $message }); { $advice }
toml-write-section = write the section's name between [ and ]
toml-write-list = write the section's name between [[ and ]]
toml-write-end = write the bracket, comma or quote that is missing here or before; the rest of the file is read after that
toml-write-form = write it as docs/rules/festival-file.md shows

# Its keys
file-none-of = { $head }: { $keys } is missing; write one of them, for example { $example }
file-missing = { $head }: { $key } is missing; write { $asks }
file-missing-why = { $head }: { $key } is missing ({ $why }); write { $asks }
why-both = people read Chinese and English
why-three-no = goods without a named maker, its address and a certificate (三无产品, 'three-no' goods) are refused
file-unknown = { $head }: the key { $name } is unknown here; { $advice }
write-meant = write { $key }, or take it out
write-known = take it out, or write one of { $keys }

# A value: what it is, and what to write
file-value = { $key } { $is }; write { $write }
is-value = is { $value }
is-text = is the text { $value }
is-moment = is the time { $value }
is-list = is a list
is-table = is a table
is-no-text = is not text
is-empty = is empty
is-spaced = begins or ends with a space
is-of-chars = has { $n } characters
is-hiding = has a character that cannot be seen, { $code }
is-short = is { $value }, which is too short
is-long = is { $value }, which is too long
is-list-of = is a list of { $n }
is-of-tables = has { $n } tables
is-with-entry = has an entry that { $is }
is-unsorted = has an entry that is shorter than the one before it
is-no-zone = is not a zone we know, { $name }
is-unknown-currency = is unknown, { $code }
is-old-currency = is no longer in use, { $code }
is-no-money = is not a currency people pay in, { $code }
is-in-year = is in the year { $year }
is-no-day = is on a day that does not exist, { $day }
is-no-time = has no such time of day, { $time }
is-skipped = does not exist in { $zone }: the clocks go forward over it
is-twice = happens twice in { $zone }: the clocks go back over it
asks-example = { $asks }, for example { $example }
asks-id = lower-case letters a-z, digits and hyphens, beginning with a letter or digit, at most { $max } characters
asks-text = text in quotes, 1 to { $max } characters
asks-word = { $words }
asks-flag = true or false
asks-whole = a whole number from { $min } to { $max }
asks-decimal = a number from 0 to { $max }
asks-zone = the IANA name of a time zone
asks-currency = the ISO 4217 code of a currency people pay in
asks-colour = a colour in quotes, # and six hexadecimal digits
asks-picture = the path of a picture ({ $ends }) from the file's own folder, at most { $max } characters of a-z, 0-9, '-', '_', '.' and '/'
asks-url = https:// or http:// and a host, with its port if it has one
asks-moment = date and time, local or with an offset
asks-amount = an amount in quotes, with the currency's decimals
asks-stock = the number of units you have, 0 or more
asks-reserve = the number of units to keep back, 0 or more
asks-span = a time in quotes, from { $min } to { $max }, made of d, h, m, s and ms
asks-spans = a list of { $count } times, none shorter than the one before it, from { $min } to { $max }
counted = { $min } to { $max }
asks-table = a table { $head }
asks-table-of = a table with { $keys }
asks-tables = 1 to { $max } tables { $head }
write-year = a year from { $min } to { $max }
write-month = a month from 01 to 12
write-day = a day from 01 to { $last }
write-time = 00:00 to 23:59; midnight at a day's end is 00:00 of the next day
write-nearest = "{ $before }" or "{ $after }", the nearest times that do
write-which = "{ $first }" for the first time or "{ $second }" for the second
write-amount = an amount with { $decimals }, as { $currency } has them, for example { $example }
decimals-none = no decimals
decimals = { $n } decimals
write-most = at most { $most }
write-units-most = at most { $most } units a line

# What no value is wrong in alone
file-id-twice = the id "{ $id }" belongs to { $whose } in line { $line } already; write another id
the-good = the good
the-variant = the variant
the-drop = the drop
the-item = an item of this drop
file-every-real = every repeats the drop in a festival that is no demonstration; write opens_at instead, or demo = true under [festival]
file-beside-every = { $key } stands beside every; write one of them, or open_for to close
file-open-past-every = open_for is longer than every; write at most { $most }
file-first-alone = first belongs to a drop that repeats; take it out, or write every instead of opens_at
file-closes-first = closes_at is not after opens_at; write a later time, or how long it stays open, for example open_for = "10h"
file-closes-late = closes_at is more than { $most } after opens_at; write an earlier time
file-closes-twice = open_for stands beside closes_at; write one of them
file-closes-never = [[drops]]: closes_at or open_for is missing; write one of them, for example open_for = "10h"
file-round-id-long = the id of a drop that repeats has { $n } characters; write at most { $most }, its rounds are called id-1, id-2 and so on
file-round-id-taken = the id "{ $id }" will be that of a round of the drop in line { $line }, which repeats; write another id
file-burst-long = burst_within is longer than arrive_within; write a shorter time, or a longer one there
file-all-leave = unpaid_share and release_share are { $sum } together; write numbers whose sum is at most 1
file-lines-many = with this item the drop has { $n } lines of stock; write at most { $most }, or two drops
file-units-many = with this stock the drop has { $n } units; write at most { $most } in all
file-no-good = good "{ $id }" is none of the [[goods]]; { $advice }
write-good = write good = "{ $id }", or add the good under [[goods]]
write-a-good = write the id of one, or add the good under [[goods]]
file-units-of-each = { $key } is one number, but the good has variants; write the units of each, for example { $example }
file-units-of-none = { $key } is a table, but the good has no variants; write one number
file-stock-mute = stock says nothing of the variant "{ $id }"; write { $id } = and { $asks }
file-no-variant = the good "{ $good }" has no variant { $name }; write { $write }
write-one-of = one of { $ids }
file-reserve-over = reserve is { $reserve } of a stock of { $stock }; write at most { $stock }

# Between several
list-or = {" or "}
list-and = {", "}
