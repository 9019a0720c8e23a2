# Connects with PostgreSQL's own client library, which asks this program for a bearer token.
# Usage: libpq-oauth.py <libpq.so.5> <connection string> <token> [query]; prints one line of JSON.
import ctypes
import json
import sys

library, conninfo, token = sys.argv[1:4]
query = sys.argv[4] if len(sys.argv) > 4 else "SELECT 1"
pq = ctypes.CDLL(library)
asked = []


# libpq-fe.h, PGoauthBearerRequest
class Request(ctypes.Structure):
    _fields_ = [
        ("openid_configuration", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("poll", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p),
        ("token", ctypes.c_char_p),
        ("user", ctypes.c_void_p),
    ]


BEARER_TOKEN = 1
HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
kept = ctypes.create_string_buffer(token.encode())


def give(kind, _, data):
    if kind != BEARER_TOKEN:
        return 0
    request = ctypes.cast(data, ctypes.POINTER(Request)).contents
    asked.append([(request.openid_configuration or b"").decode(), (request.scope or b"").decode()])
    request.token = ctypes.cast(kept, ctypes.c_char_p)
    return 1


hook = HOOK(give)
pq.PQsetAuthDataHook(hook)
pq.PQconnectdb.restype = ctypes.c_void_p
pq.PQexec.restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue", "PQresultErrorMessage"):
    getattr(pq, name).restype = ctypes.c_char_p
connection = ctypes.c_void_p(pq.PQconnectdb(conninfo.encode()))
outcome = {
    "version": pq.PQlibVersion(),
    "connected": pq.PQstatus(connection) == 0,
    "protocol": pq.PQfullProtocolVersion(connection) if hasattr(pq, "PQfullProtocolVersion") else 0,
    "error": pq.PQerrorMessage(connection).decode(),
    "asked": asked,
    "value": None,
}
if outcome["connected"]:
    result = ctypes.c_void_p(pq.PQexec(connection, query.encode()))
    value = pq.PQgetvalue(result, 0, 0) if pq.PQntuples(result) > 0 else None
    outcome["value"] = value.decode() if value is not None else pq.PQresultErrorMessage(result).decode()
    pq.PQclear(result)
pq.PQfinish(connection)
print(json.dumps(outcome))
