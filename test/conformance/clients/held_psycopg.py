"""psycopg 3 with commands that wait for an approval: both protocols, outside and inside of a transaction, denied, and cancelled."""

import itertools
import os

import psycopg

from steps import emit

numbers = itertools.count(int(os.environ["CONFORMANCE_PART"].split(" ")[1]))


def erase(extended, inside, purpose="approved", cancel=False):
    # The purpose tells the people of the test what to answer.
    with psycopg.connect("", autocommit=not inside, options=f"-c postern.purpose={purpose}") as client:
        if cancel:
            client.add_notice_handler(lambda notice: client.cancel())
        number = next(numbers)
        try:
            if extended:
                return client.execute("DELETE FROM prescriptions WHERE id = %s", [number]).statusmessage
            return client.execute(f"DELETE FROM prescriptions WHERE id = {number}").statusmessage
        except psycopg.Error as error:
            return error.sqlstate


emit("simple outside", erase(False, False))
emit("simple inside", erase(False, True))
emit("extended outside", erase(True, False))
emit("extended inside", erase(True, True))
emit("denied", erase(True, False, "denied"))
emit("cancelled", erase(True, False, "unanswered", True))
