# Around every page
skip = Skip to the content
nav = Pages
nav-programme = Programme
nav-me = My claims
other-language = 中文
footer = Every outcome here can be checked: each claim has a signed receipt.
banner-demo = Demo: paying is pretended. Nothing is charged and nothing is sent.
banner-rehearsal = Rehearsal: nothing here counts. Paying is pretended.

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
programme-lead = Each drop opens at its time, to the second. Whoever asks first is served first.
programme-empty = The programme is not out yet. Look again soon.
section-on = On now
section-next = Next
section-over = Over
key-heading = The festival’s key
key-more = Every receipt is signed with this key. Keep a copy or a photo of its fingerprint: with it anybody can check a receipt, without asking us.

# States of a drop
state-before = Not yet open
state-open = Open
state-paused = Paused
state-sold-out = Sold out
state-closed = Over
when-before = Opens { $when }
when-open = Open until { $when }
when-paused = The host has paused it. What you hold is safe.
when-sold-out = All gone in { $span }
when-sold-out-held = All gone in { $span }. Some are not paid yet and may return.
when-none-free = Nothing is free at the moment
when-closed = Closed { $when }
count-opens = Opens in
count-closes = Closes in
count-pay = Time left to pay
count-days = d
done-opens = It is open now.
done-closes = It is over now.
done-pay = The time to pay is over.
units-before = to share out
units-left = of { $total } left
units-after = of { $total } left at the end

# A drop
items-heading = What there is
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
claim-heading = Claim yours
choose = Choose one
quantity = How many
claim-now = Claim now
claim-as-guest = Enter as guest and claim
guest-more = No account needed. A cookie on this device remembers which claims are yours.
ready-heading = Be ready
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
told-closed = It is over.

# A claim
claim-number = No. { $number }
claim-held = Held for you
claim-held-more = Yours until { $when }. Pay before then, or it goes back.
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
pay = Pretend to pay
give-back-ask = No longer want it?
give-back = Give it back
sheet-number = Number
sheet-amount = Amount
sheet-drop = Drop
receipt-heading = Receipt
receipt-more = A small signed file. It proves that this claim was made, and when, even to somebody who does not trust this server.
receipt-get = Download the receipt
receipt-check = How to check it
receipt-check-more = Save the file and run this command. It needs no connection and no account.
receipt-key = The key in the command is the festival’s fingerprint. Compare it with the one you noted from the programme:

# My claims
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
fault-no-session-more = This page belongs to a fan, and your browser did not say who you are. Cookies may have been deleted.
fault-not-allowed = This is not for you to do
fault-not-allowed-more = Nothing was done.
fault-no-drop = There is no such drop
fault-no-drop-more = It may have been a round that is long over. The programme shows what is on now.
fault-no-claim = You have no such claim
fault-no-claim-more = A claim can only be seen by its fan, in the browser it was made with.
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
