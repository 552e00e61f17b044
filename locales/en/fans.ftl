# Accounts
sign-in = Sign in
sign-up = Make an account
sign-out = Sign out
sign-name = Name
sign-password = Password
sign-password-more = At least 8 characters. A few words are easier to remember than a riddle.
sign-guest = What you have claimed as a guest stays yours.
sign-have = I have an account
sign-have-not = I have no account yet
sign-wrong = Name and password do not fit together.
sign-taken = Somebody has this name. Take another one, or sign in if it is you.
sign-has-account = You have an account already: sign in.
sign-bad-name = A name has 2 to 32 letters or digits; - _ . are fine too.
sign-bad-password = A password has at least 8 characters and is not your name.

# Where somebody is signed in
sessions = Where you are signed in
sessions-lead = If you do not know one of these, end it.
sessions-here = This one
sessions-since = Since { $when }.
sessions-seen = Last seen { $when }.
sessions-end = End

# Roles
role-cashier = You are a cashier: you take money and take units back.
role-host = You are a host: you run the drops.
role-operator = You are an operator: you run the drops and the server.
host-become = Become the host
host-lead = Whoever opens this address first runs the festival. It works once.
host-no-secret = This address was used already or is an old one. Start the server again: while there is no host, it prints a new one.
