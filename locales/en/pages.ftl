# Around every page
skip = Skip to the content
nav = Pages
nav-programme = Programme
nav-me = My claims
nav-check = Check a receipt
other-language = 中文
footer = Every outcome here can be checked: each claim has a signed receipt.
banner-demo = Demo: paying is pretended, nothing is sent.
banner-rehearsal = Rehearsal: nothing here counts. Paying is pretended.
about = { $festival }: what opens when, by the server’s clock. First come, first served, and a signed receipt for everybody who got one.

# What the script says
say-asking = Asking for you…
say-crowd = Very many people are asking at once. We ask again for you; you lose nothing by it.
say-offline = No connection to the server. The countdown goes on by the server’s time, and we keep trying.
say-back = Connected again.
say-soon = One minute to go.

# Times and lengths of time
zone = All times are { $zone }.
zone-beijing = Beijing time
zone-other = { $zone }
moment = { $day } { $time }
moment-in-zone = { $moment } ({ $zone })
day-today = today
day-tomorrow = tomorrow
span-d = { $n } d
span-h = { $n } h
span-min = { $n } min
span-s = { $n } s

# The programme
programme-empty = The programme is not out yet. Look again soon.
programme-lead = Every drop opens at its second, by one clock for everybody. First come, first served, and what you get you can prove.
price-from = from { $price }
section-on = On now
section-next = Next
section-over = Over
key-heading = The festival’s key
key-old = Older receipts were signed with:
key-more = Every receipt is signed with this key. Keep a copy or a photo of its fingerprint: with it anybody can check a receipt, without asking us.

# States of a drop
state-before = Not yet open
state-open = Open
state-paused = Paused
state-sold-out = Sold out
state-closed = Over
when-before = Opens { $when }
when-open = Open until { $when }
when-paused = Paused by the host
hint-paused = What you hold is safe, and its time to pay goes on. This page wakes up by itself.
when-doubt = Paused by itself until the clock is checked
hint-doubt = What you hold is safe, and its time to pay stands still. This page wakes up by itself.
when-lost = Paused by itself until lost records are looked into
hint-lost = What is listed as yours is safe, and its time to pay stands still. If something of yours is missing, keep its receipt and tell the host.
hint-doubt-before = Its time stands still until the host has checked it, so it does not open early. This page wakes up by itself.
hint-kept = What you hold is safe. This page wakes up by itself.
hint-may-return = Some are held and not paid yet. What is not paid in time comes back, and this page says so at once.
when-sold-out = All gone in { $span }
when-none-free = Nothing is free at the moment
when-closed = Closed { $when }
section-shut = Out of reach for now
state-shut = Out of reach
shut-unlisted = drops that are not listed here
shut-when = Planned from { $opens } to { $closes }
shut-hint = What you got here is kept for you. Look again in a few minutes.
shut-drop = This drop is out of reach for the moment
shut-drop-more = It is not your doing. What you got here is kept for you and goes to nobody else, and its time to pay stands still. You lose nothing by waiting: look again in a few minutes.
shut-claim = This claim cannot be shown for the moment
shut-claim-more = Its drop is out of reach. What you got there is kept for you and goes to nobody else, and its time to pay stands still. You lose nothing by waiting: look again in a few minutes.
shut-mine = { $drops }: out of reach for the moment, so anything you got there is missing from this list. It is kept for you, and its time to pay stands still.
count-opens = Opens in
count-closes = Closes in
count-pay = Time left to pay
count-days = d
done-opens = It is open now.
done-closes = It is over now.
done-pay = The time to pay is over.
units-before = To share out
units-after = Left over

# A drop
items-heading = What there is
drop-about = { $drop }. { $when }.
stage = The drop now
needs-heading = What you need
held-for = What you claim is held for you for { $span }; pay within that time.
no-account = No account. This device remembers what is yours.
reminder-get = Add to my calendar
reminder-what = { $drop } opens
reminder-more = Open the page a minute before. The button wakes up by itself.
proof-more = When it is over, the totals are signed and published.
proof-check = Check the proof
limit = { $n ->
    [one] One for each fan.
   *[other] Up to { $shown } for each fan.
}
variant = Variant
left = Left
line-left = { $shown } left
line-none = None left
maker = Made by
address = Address
certificate = Certificate
item-variant = { $item }, { $variant }
item-times = { $item } × { $n }
own-heading = What you have here

# Claiming
choose = Choose one
quantity = How many
claim-as-guest = Claim as a guest
claim-more = One tap asks once. If the connection breaks, asking again is safe.
button-before = Opens at zero
button-paused = Paused by the host
button-waits = Paused for now
button-sold-out = Nothing free right now
note-closed = This drop is over. The programme shows what comes next.
note-closed-own = This drop is over. What you got stays yours.
claim-now = Claim now
guest-more = No account needed. A cookie on this device remembers which claims are yours.
ready-more = Enter now, and at the opening one tap is enough. No account needed.
ready-entered = You are in. This page opens by itself at the right second.
enter = Enter as guest
told-sold-out = Sold out: somebody was quicker. What is not paid in time comes back here.
told-taken = That one has just gone. Others are still there.
told-limit = { $n ->
    [one] You have yours: one for each fan.
   *[other] You have as many as one fan may have: { $shown }.
}
told-not-open = It has not opened yet. You lose nothing by waiting here.
told-paused = The host has paused it, so nobody can claim right now.
told-doubt = It is paused until the host has checked it, so nobody can claim right now.
told-closed = It is over.
told-not-entitled = This drop is for fans who meet its rule, and so far you do not. Nothing was taken from you.

# A claim
claim-number = No. { $number }
claim-held = Held for you
claim-held-more = Yours until { $when }. Pay before then, or it goes back.
claim-held-still = It is yours, and your time to pay stands still. When it goes on you have as long as was left, and a minute at the least. You can pay before that.
claim-settled = Paid
claim-settled-more = It is yours. Keep the receipt.
claim-expired = Not paid in time
claim-expired-more = It was held until { $when } and then went back for others.
claim-released = Given back
claim-released-more = You gave it back. Nothing is to be paid.
claim-returned = Returned
claim-returned-more = It went back after it was paid.
claim-refund-due = Refund due
claim-refund-due-more = The money came after { $when }, when nothing was left. You get all of it back.
pay = Pay now (pretended)
pay-more = This is a pretended payment: no money moves.
give-back-ask = No longer want it?
give-back = Give it back
sheet-number = Number
sheet-amount = Amount
sheet-drop = Drop
sheet-claim = Claim
receipt-heading = Receipt
receipt-more = A small signed file. It proves that this claim was made, and when, even to somebody who does not trust this server.
receipt-get = Download the receipt
receipt-check-here = Check it in the browser
receipt-print = Print
receipt-check = How to check it
receipt-check-more = Save the file and run this command. It needs no connection and no account.
receipt-key = Signed with the festival’s key. Its fingerprint:

# My claims
me-newest = These are your newest { $n } claims. The page of a drop shows those you have there.
me-empty = You have not claimed anything yet. Look when the next drop opens.
me-stranger = Here you find what you have claimed. Enter as guest to begin; claiming something does it too.
me-look = See the programme
me-guest = You are a guest: only this browser knows your claims. Do not delete its cookies before you have your receipts.

# Refusals
ask-again = Ask again
to-programme = To the programme
fault-cross-site = This did not come from our pages
fault-cross-site-more = The form was sent by another site, or your browser does not say where it came from. Nothing was done. Open the page here and try once more.
fault-no-session = Please enter first
fault-no-session-more = This page shows what is yours, and your browser did not say who you are. Cookies may have been deleted.
fault-not-allowed = This is not for you to do
fault-not-allowed-more = Nothing was done.
fault-no-drop = There is no such drop
fault-no-drop-more = It may have been a round that is long over. The programme shows what is on now.
fault-no-claim = You have no such claim
fault-no-claim-more = A claim can only be seen by its fan: in the browser it was made with, or signed in to the account it belongs to.
fault-not-found = There is nothing here
fault-not-found-more = The address may be mistyped, or the page has moved.
fault-too-fast = A little slower, please
fault-too-fast-more = Too many requests came from you or your network. Nothing was done. Wait a few seconds; you lose no place by it.
fault-busy = We are busy for a moment
fault-busy-more = Nothing was done. Ask again: it is safe, you get at most what you asked for once.
fault-unsure = We do not know yet
fault-unsure-more = It may have been done. Ask the same again and the answer will be true; you will not get it twice.
fault-form = Something in the form is not right
fault-form-more = Nothing was done. Go back to the page, load it anew and try once more.
fault-wrong-method = This page does not work that way
fault-wrong-method-more = The address is right, but it does not take this kind of request. Nothing was done.
fault-broken = Something of ours is broken
fault-broken-more = It is not your doing, and nothing you hold is lost. Please try again in a moment.
fault-not-entitled = This drop is not open to you yet
fault-not-entitled-more = It is for fans who meet its rule. Its page says what that is.
fault-passing = This page asks again by itself.

# Checking
check-title = Check a receipt
check-lead = Nothing you put in here leaves this page. Your browser reads the file, follows its hashes and checks the signature by itself.
check-about = Check a receipt or a published proof in your own browser, without asking the server.
check-file = Open the file
check-text = or paste its text
check-key = Fingerprint of the festival’s key
check-key-more = It is filled in as this server states it. To trust nobody, compare it with the one you noted from the programme, or paste yours.
check-none = Nothing to check yet
check-none-more = Open a receipt or a proof, or paste one above.
check-noscript = This page needs a script, because it does not ask the server. The command under “{ check-how }” does the same.
check-how = How it is checked
check-how-more = The fact is hashed and led along its path to the root in the row’s header; the header is hashed and led to what was signed; the signature is held against the key, and the key against the fingerprint. SHA-256 and Ed25519, nothing else.
check-good = It holds
check-good-more = Not a byte of it has been altered since the festival’s key signed it.
check-open = Intact, but whose?
check-open-more = Nothing was altered, but without a fingerprint nobody has said whose key this is.
check-partly = Signed, and not finished
check-partly-more = The drop’s newest entry is signed and intact. The totals beside it are not proven yet.
check-bad = It does not hold
check-not-json = This is not a whole receipt or proof: the text cannot be read as JSON.
check-too-large = It is larger than any receipt or proof: 1 MiB at most.
check-field = “[field]” is missing or not as it is written.
check-extra = “[field]”: nothing says what this is, and nothing proves it.
check-twice = One name stands in it twice, so that people could read something that is not proven.
check-version = It is of another version than this page knows: [field].
check-kind = It is neither a receipt nor a proof.
check-other-key = It was signed with another key: [field]. It may be another festival’s.
check-seal-key = The seal names another key than the file does.
check-signature = The row’s header, the seal or the signature was altered.
check-root = The fact, its place or its path was altered.
check-festival = The row belongs to another festival than “[field]”.
check-fact = The fact cannot be read.
check-head = “[field]” is not what the signed row says.
check-sum = The units of “[field]” do not add up.
check-totals = The totals are not those that were signed.
check-cannot = It cannot be checked here
check-no-crypto = This browser cannot check Ed25519 signatures. A newer one can, and so can the command under “{ check-how }”.
check-insecure = Browsers check signatures only on pages that came over https. Open this page that way, or use the command under “{ check-how }”.
check-unreachable = The server did not send the file. Open it from your device instead.
check-did-read = It is written as it should be, and nothing unproven rides along.
check-did-key = The key is the one with your fingerprint.
check-no-key = No fingerprint was given to hold the key against.
check-did-seal = The signature over row [seq] of lane [lane] is the key’s; the row was written [when].
check-did-place = The fact stands in that row.
check-did-festival = The row belongs to the festival “[field]”.
check-did-totals = The books are closed, and the totals are the signed ones.
check-no-totals = The totals are proven once the drop is over and its books are closed.
check-claimed = Claim no. [number]: [quantity] × line [line], held for its fan until [when].
check-changed = It says what became of claim no. [number].
check-rested = The books of the drop, closed with [number] claims.
check-other = An entry of the host’s.

# The parts and states, for builders
dev-title = Parts and pages
dev-about = Every part and every state of every page, from their samples.
dev-lead = Every part, and every page in every state, made from samples. Only a demo shows this.
dev-colours = Colours
dev-type = Letters
dev-parts = Parts
dev-pages = Pages and states

# Before the server can answer
starting = We are opening the doors
starting-more = The server is starting and reading its journal. Everything you hold is safe.
