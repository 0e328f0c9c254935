"""Every number of the security policy, named once.

Settings, pages, documentation and tests read them from here. Durations are ``timedelta``, counts are ``int``.
"""

from datetime import timedelta

# A session (NIST SP 800-63B-4 section 2.2.3; ASVS 7.3.1, 7.3.2).
SESSION_OVERALL = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
STAFF_SESSION_OVERALL = timedelta(hours=8)
STAFF_SESSION_IDLE = timedelta(minutes=15)
SESSION_SEEN_EVERY = timedelta(minutes=1)  # how exactly "last seen" is kept; spares a write on every request
SESSIONS_AT_ONCE = 5

# Between the right password and the code.
HALF_SIGNED_IN = timedelta(minutes=5)
HALF_SIGNED_IN_CODES = 5

# An authenticator app (RFC 6238, RFC 4226).
PENDING_AUTHENTICATOR = timedelta(minutes=10)
TOTP_SECRET_BYTES = 20
TOTP_DIGITS = 6
TOTP_STEP = timedelta(seconds=30)
TOTP_WINDOW = 1  # steps accepted before and after the present one
TOTP_DIAGNOSIS = timedelta(minutes=10)  # how far a wrong clock is recognised

# Passwords (NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.1, 6.2.9).
PASSWORD_MIN_LENGTH = 15
PASSWORD_MAX_LENGTH = 128

# Argon2id (ASVS appendix C, the OWASP minimum): memory in KiB, passes, lanes.
ARGON2_MEMORY_KIB = 19 * 1024
ARGON2_TIME = 2
ARGON2_PARALLELISM = 1

# Links by mail.
PASSWORD_RESET_LINK = timedelta(minutes=60)
INVITATION_LINK = timedelta(hours=24)

# Wrong codes after a right password: every five cost a wait, the first shorter than those after it.
CODE_FREE_FAILURES = 5
CODE_WAITS = (timedelta(minutes=15), timedelta(hours=1))

# Wrong passwords: five free, then a wait that doubles.
PASSWORD_FREE_FAILURES = 5
PASSWORD_FIRST_WAIT = timedelta(seconds=30)
PASSWORD_LONGEST_WAIT = timedelta(hours=1)

# Mail and other outside services may keep nobody waiting longer than this.
OUTSIDE_TIMEOUT = timedelta(seconds=5)
