# Accounts
nav-account = Account
sign-in = Sign in
sign-in-lead = Welcome back. Your claims are where you left them.
sign-up-lead = A name and a password, nothing else. Claiming works without, too.
sign-up = Make an account
sign-out = Sign out
sign-name = Name
sign-name-more = 2 to 32 letters or digits; - _ . are fine too.
sign-password = Password
sign-password-more = At least 8 characters. A few words are easier to remember than a riddle.
sign-guest = What you have claimed as a guest stays yours.
sign-in-guest = What you have claimed as a guest does not come along. Sign out, and it is here again; or make an account, and it becomes the account’s.
sign-have = I have an account
sign-have-not = I have no account yet
sign-wrong = The name and password do not match. Check both: capitals count in the password, not in the name.
sign-too-fast = Too many tries. Wait { $s } s, then try again; nothing is lost.
sign-taken = Somebody has this name. Take another one, or sign in if it is you.
sign-has-account = You have an account already: sign in.
sign-bad-name = A name has 2 to 32 letters or digits; - _ . are fine too.
sign-short = It has { $n } so far and needs at least 8 characters. Add a word or two.
sign-long = This is longer than a password can be here. 200 characters are enough.
sign-is-common = This password is among those tried first. Three or four words of your own are safer.
sign-is-name = A password cannot be your name. At least 8 characters that nobody guesses.
sign-why-keep = What you claim stays yours when cookies are cleared.
sign-why-anywhere = Sign in on another phone, and your receipts are there.
sign-why-fair = An account is never first: guests wait at the same clock.

# An account's owner
account = Your account
keep = Keep your claims
keep-sign-up = Keep them with an account
password = Change password
password-lead = All other devices are signed out, so that whoever knew the old one is out.
password-old = Current password
password-new = New password
password-wrong = That is not your current password. Type it again.
password-changed = Your password is changed. All other devices are signed out.
password-back = Keep the password as it is

# Where somebody is signed in
sessions = Where you are signed in
sessions-lead = If you do not know one of these, sign it out and change your password.
sessions-here = This device
sessions-since = Since { $when }.
sessions-seen = Last seen { $when }.
sessions-end = Sign it out
sessions-only = You are not signed in anywhere else.

# Roles
role-cashier = You are a cashier: you take money and take units back.
role-host = You are a host: you run the drops.
role-operator = You are an operator: you run the drops and the server.
host-become = Become the host
host-lead = Whoever opens this address first runs the festival. It works once.
host-no-secret = This address was used already or is an old one. Start the server again: while there is no host, it prints a new one.
