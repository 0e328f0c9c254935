"""Whether this process was told to stop. A long task looks between its parts and leaves the rest to the next."""

from threading import Event

requested = Event()
