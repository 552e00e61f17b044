#!/usr/bin/env python3
"""Fans who claim all the time, remember what they were told, and ask again at the end.

    crowd.py URL TOKENS     TOKENS: lines `fan<TAB>token`, as `fanfare session` prints them

Each fan claims once, with a key, and asks the same again until there is an answer: `busy`, `unsure`
and silence are none. It takes commands on its standard input and answers each with a line:

    fault          from here on it counts anew
    recovered S    waits S seconds at most until a claim is made that was first asked for after
                   that; `yes` or `no`
    figures        the longest time without a 201 since `fault`, and what was heard since
    end            stops, asks every claim again, and says what it found
"""

import collections
import http.client
import json
import sys
import threading
import time
import urllib.parse

WORKERS = 8
# Each waits this long between two claims, s: the sale goes on, the machine stays free for faults.
PAUSE_S = 0.12
# An answer that takes longer counts as none. Fanfare says `unsure` after 5 s.
WITHIN_S = 12
PATH = "/api/v1/drops/boxes/claims"


class Crowd:
    def __init__(self, url, tokens):
        self.at = urllib.parse.urlsplit(url).netloc
        self.fans = iter(tokens)
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.told = {}
        self.wrong = []
        self.anew()

    def anew(self):
        with self.lock:
            self.since = time.monotonic()
            self.made = [self.since]
            self.newest_asked = 0.0
            self.heard = collections.Counter()

    def say(self, what):
        with self.lock:
            self.heard[what] += 1

    def next_fan(self):
        with self.lock:
            return next(self.fans, None)

    def ask(self, kept, fan, token):
        """One request over a kept connection; status and what the answer says."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"claim-{fan}",
        }
        try:
            if kept[0] is None:
                kept[0] = http.client.HTTPConnection(self.at, timeout=WITHIN_S)
            kept[0].request("POST", PATH, body='{"item":"box"}', headers=headers)
            answer = kept[0].getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            if kept[0] is not None:
                kept[0].close()
            kept[0] = None
            return 0, {}
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, {}

    def answered(self, kept, fan, token):
        """Asks until there is an answer. Says also whether it was in doubt before."""
        doubted = False
        while True:
            status, said = self.ask(kept, fan, token)
            if status in (200, 201):
                return status, said, doubted
            code = said.get("code")
            if status == 503 and code in ("busy", "unsure"):
                self.say(code)
                doubted = doubted or code == "unsure"
            elif status == 0:
                self.say("nothing")
                doubted = True
            elif status in (502, 503, 504) and code is None:
                # The proxy's own word: no node was reached, or one was lost on the way.
                self.say("proxy")
                doubted = True
            else:
                return status, said, doubted
            time.sleep(0.25)

    def claim(self):
        kept = [None]
        while not self.ending.is_set():
            one = self.next_fan()
            if one is None:
                self.wrong.append("there are no more fans")
                return
            fan, token = one
            asked = time.monotonic()
            status, said, doubted = self.answered(kept, fan, token)
            now = time.monotonic()
            with self.lock:
                if status not in (200, 201) or not said.get("receipt"):
                    self.wrong.append(f"fan {fan}: {status} {said}")
                    continue
                if status == 200 and not doubted:
                    self.wrong.append(f"fan {fan}: a first claim was answered as a repeat")
                self.told[fan] = (token, said["claim"], said["number"], said["state"])
                self.heard["in_doubt_resolved"] += doubted
                if status == 201:
                    self.heard["made"] += 1
                    self.made.append(now)
                    self.newest_asked = max(self.newest_asked, asked)
            time.sleep(PAUSE_S)

    def recovered(self, within_s):
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            # What was under way when the fault came may be answered a moment later.
            if self.newest_asked > self.since + 3:
                return "yes"
            time.sleep(0.1)
        return "no"

    def figures(self):
        with self.lock:
            times = [*self.made, time.monotonic()]
            silent_s = max(after - before for before, after in zip(times, times[1:]))
            counts = " ".join(
                f"{name} {self.heard[name]}"
                for name in ("made", "busy", "unsure", "nothing", "proxy", "in_doubt_resolved")
            )
        return f"silent_s {silent_s:.1f} {counts}"

    def again(self, all_told):
        kept = [None]
        while True:
            with self.lock:
                fan, (token, *was) = next(all_told, (None, (None,)))
            if fan is None:
                return
            status, said, _ = self.answered(kept, fan, token)
            now = [said.get("claim"), said.get("number"), said.get("state")]
            if status != 200 or now != was:
                with self.lock:
                    self.wrong.append(f"fan {fan} was told {was}, and now {status} {now}")

    def everything_again(self):
        run_all([lambda: self.again(all_told) for all_told in [iter(list(self.told.items()))] * 8])
        numbers = [number for _, _, number, _ in self.told.values()]
        if len(set(numbers)) != len(numbers):
            self.wrong.append("a number was given twice")
        for line in self.wrong[:20]:
            print(line, file=sys.stderr)
        return f"remembered {len(self.told)} wrong {len(self.wrong)}"


def run_all(bodies):
    threads = start(bodies)
    for thread in threads:
        thread.join()


def start(bodies):
    threads = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    return threads


def main():
    url, tokens = sys.argv[1:]
    with open(tokens, encoding="utf-8") as lines:
        fans = [tuple(line.split()) for line in lines]
    crowd = Crowd(url, fans)
    working = start([crowd.claim] * WORKERS)
    for line in sys.stdin:
        command, *rest = line.split()
        if command == "fault":
            crowd.anew()
            said = "counting"
        elif command == "recovered":
            said = crowd.recovered(float(rest[0]))
        elif command == "figures":
            said = crowd.figures()
        elif command == "end":
            crowd.ending.set()
            for thread in working:
                thread.join()
            said = crowd.everything_again()
        else:
            said = f"what is {command}?"
        print(said, flush=True)
        if command == "end":
            return


main()
