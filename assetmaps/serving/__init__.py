"""Between the server and Django: reads whole requests, refuses those that would block others, runs Django in threads.

uvicorn reads headers and bodies on one event loop, so that slow clients occupy no thread. Django runs as WSGI in a
fixed pool of threads: its ASGI handler would start a thread, with its own database connection, for every request.
docs/server.md gives the reasons.
"""
