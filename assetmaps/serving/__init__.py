"""Between the server and Django: reads whole requests, refuses what would hold up others, and runs Django in threads.

uvicorn reads heads and bodies on one event loop, so that who sends slowly holds no thread. Django runs as WSGI in a
bounded number of threads that live long: its ASGI handler makes a thread, and with it connections to the database, for
every request. docs/server.md tells how this was chosen.
"""
