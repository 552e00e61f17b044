# The day
nav-host = Host
host-day = The day
host-told-made = You are a host now. This is the day as it happens.
host-now = The thin line is now: { $time }.
host-shut = Some drops are not open here. Each one’s page says why, and what to do.
host-shut-left = how many are left is not known now
host-shut-now = Nobody can claim, pay or give back here now. Fans read that what they got is kept for them, and that they lose nothing by waiting.
host-shut-do = What to do
host-shut-mended = It does not open by itself. Whoever runs the server runs fanfare doctor, which says what to do; nothing is to be deleted before that.
host-shut-answered = It opens by itself as soon as its database answers again. Whoever runs the server looks after that database.
host-shut-told = Another of the festival’s servers is about to open it. If this page still says so in a minute, whoever runs the servers looks at the others.
host-shut-why = Why, in the server’s words
host-times = { $opens } to { $closes }
host-left = { $free } of { $of } free

# A drop in figures
host-figures = Units by item
host-item = Item
host-free = Free
host-held = Held
host-settled = Paid
host-aside = Set aside
host-issued = In all
host-sum = Together
host-claims = Claims
host-claims-see = See the claims
host-refused-not-open = Refused: not open yet
host-refused-paused = Refused: paused
host-refused-closed = Refused: over
host-refused-sold-out = Refused: sold out
host-refused-limit = Refused: has enough
host-refused-other = Refused: other reasons

# What a host can do
host-do = What you can do
host-why = Why? It goes on record.
host-units = Units
host-pause = Pause
host-pause-more = Nobody can claim until you resume. What is held stays held, and its time to pay goes on.
host-resume = Resume
host-resume-more = Claims are taken again, and you confirm that the server’s clock is right.
host-restock = Add units
host-restock-more = They are free at once.
host-withdraw = Take units away
host-withdraw-more = Only free units can go. What somebody holds or has paid for stays theirs.
host-close = Close for good
host-close-more = Ends the drop before its time.
host-close-ask = Close …
host-close-question = Close { $drop } for good?
host-close-final = This cannot be undone. Nobody can claim any more; what is held can still be paid in its time.
host-close-yes = Yes, close it
host-close-no = No, back
host-undo = Undo
host-undo-why = Undone: { $why }

# What was done
host-acts = Who did what
host-acts-none = Nobody has done anything here yet.
host-acts-mute = What was done cannot be read just now, because the database does not answer. You can still pause, resume and close.
host-fan = Fan { $fan }
host-keeper = Whoever runs the server
host-did-pause = Paused
host-did-resume = Resumed
host-did-restock = { $n } units added: { $line }
host-did-withdraw = { $n } units taken away: { $line }
host-did-close = Closed for good
host-did-restore = Went on after rows of the journal were lost; paused
host-did-amend = Terms changed by a festival file
host-told-pause = Paused. Nobody can claim now.
host-told-resume = Resumed. Claims are taken again.
host-told-restock = Added. They are free now.
host-told-withdraw = Taken away.
host-told-close = Closed for good.

# What was not done
host-wrong-most = Nothing was done. At most { $n } are possible now.
host-wrong-why = Nothing was done. Say why, in 1 to 500 characters.
host-wrong-units = Nothing was done. Units are a whole number from 1 on.
host-wrong-line = Nothing was done. Choose an item of this drop.
host-wrong-seen = Nothing was done. Somebody did something meanwhile; look below, then send it again if it is still right.
host-wrong-unsure = It may have been done. Send the form below again just as it is: you will see what came of it, and it is not done twice.
host-wrong-reused = Nothing more was done. This form was sent before with something else in it, and that may have been done; look below. If this is to be done as well, send it again.
host-wrong-closed = Nothing was done. This drop is over.
fault-for-hosts = This is for hosts
fault-for-hosts-more = Your account is not a host’s. Whoever runs the server can make it one.

# A made crowd
host-crowd = A made crowd
host-crowd-more = Made fans come and claim for most of a minute, so that you see it sell out. Most of them pay. Only in a demo.
host-crowd-on = Let the crowd come
host-crowd-off = Send the crowd home
host-crowd-asked = The crowd is here: { $n } made fans have asked.
host-crowd-waits = The crowd is here and waits for the opening.
host-made-fan = Made fan

# A changed festival file
host-apply = Apply a changed festival file
host-apply-more = Paste the whole file. First you see what would change; nothing is done before you say so.
host-apply-file = The festival file
host-apply-show = Show what would change
host-apply-faults = The file cannot be read
host-apply-place = Line { $line }, column { $column }
host-apply-seen = What would change
host-apply-same = Nothing: the festival is as the file says.
host-apply-same-else = Nothing else: the rest of the festival is as the file says.
host-apply-breaks = This would break a promise: { $why }
host-apply-nothing = Nothing can be done while one part would break a promise. Change that in the file, then show it again.
host-change-new-drop = A new drop, opens { $when }
host-change-unseen = Not open here for now, so it is not compared and stays as it is
host-change-opens = Opens { $to } instead of { $from }
host-change-closes = Closes { $to } instead of { $from }
host-change-hold = { $to } to pay instead of { $from }
host-change-limit = Limit { $to } instead of { $from }
host-change-price = { $line }: { $to } instead of { $from }
host-change-new-line = A new item: { $line }, { $n } units at { $price }
host-change-more = { $line }: { $n } more units, { $to } instead of { $from }
host-change-fewer = { $line }: { $n } fewer units, { $to } instead of { $from }
host-change-reserve = { $line }: { $to } kept aside instead of { $from }
host-change-drop-gone = The file has this drop no more
host-change-line-gone = { $line }: the file has it no more
host-came-done = Done
host-came-not = Not done
host-came-refused = Refused: { $why }
host-apply-make = Make all of it so
host-apply-done = Done
host-apply-not-done = Not all of it was done

# The list of claims
host-number = Number
host-who = Fan
host-state = State
host-any = Any
host-state-expired = Expired
host-state-released = Given back
host-state-returned = Returned
host-state-refund-due = Refund due
host-search = Search
host-csv = Download as CSV
host-next = More claims
host-claims-none = No claim matches.
host-claims-yet = Nobody has claimed here yet.
host-search-number = A number is made of digits.
host-search-fan = There is no fan with this name or number.

# Why what a host wants is not done; terminals read these too
refused-most = { $n } at most are possible now
refused-closed = The drop is over.
refused-no-line = The drop has no such item or variant.
refused-reused = Somebody else asked for the same before. Look again: it may be done.
refused-now = This cannot be done now.
refused-unsound = { $why }
promise-opening-kept = the drop has opened; its opening stays as it was
promise-opening-ahead = the new opening has already passed
promise-opens-first = it would open after it closes
promise-closing-ahead = the new closing has passed
promise-closes-last = it would close unopened
promise-hold-kept = fans were told they have longer to pay
promise-hold-lasts = a hold lasts a second at least
promise-limit-kept = fans were told they may have more
promise-price-not-negative = a price is never below zero
promise-price-kept = the drop has opened at this price
promise-reserve-within = the reserve is part of the stock
promise-reserve-stays = a reserve stays as it was published
promise-line-once = the drop has this line already
promise-bounds = more lines or units than a drop can have
promise-item-stays = an item once offered stays; withdraw its free units
promise-drop-stays = a drop once published is not taken away; close it
apply-other-festival = this is festival `{ $ours }`, the file is of `{ $theirs }`
apply-mute = the journal cannot be written; nothing was changed
apply-unopened = { $why }
apply-no-drop = there is no such drop
apply-unsure = it may have been done: apply again to see
apply-busy = the server is busy: apply again
