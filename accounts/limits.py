"""Every number of the security policy, named once.

Settings, pages, documentation and tests read them from here. Durations are ``timedelta``, counts are ``int``.
"""

from datetime import timedelta

# --- Sessions and sign-in ---

# A session (NIST SP 800-63B-4 section 2.2.3; ASVS 7.3.1, 7.3.2).
SESSION_OVERALL = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
STAFF_SESSION_OVERALL = timedelta(hours=8)
STAFF_SESSION_IDLE = timedelta(minutes=15)
SESSION_SEEN_EVERY = timedelta(minutes=1)  # "last seen" is stored at most this often, not on every request
SESSIONS_AT_ONCE = 5
SESSION_WARNING = timedelta(minutes=3)  # before it ends without user activity (WCAG 2.2.1 asks 20 s)
SESSION_OVERALL_WARNING = timedelta(minutes=10)  # before the overall end, which activity does not postpone

LANGUAGE_JUST_CHOSEN = timedelta(minutes=30)  # before a sign-in: the choice becomes that of the account
LANGUAGE_KEPT = timedelta(days=400)  # life of the cookie; browsers keep none longer (RFC 6265bis)

# "Bevestig dat jij het bent" before a sensitive change (ASVS 7.5.1).
FRESH_PROOF = timedelta(minutes=10)

# The stored values that a page with a form showed, signed in the page, to detect edit conflicts.
SHOWN_KEPT = SESSION_OVERALL  # an older page belongs to an earlier session, and is refused for that
SHOWN_LONGEST = 20_000  # characters; 1,000 ticked boxes come to 5,000

# Between the right password and the code.
PENDING_SIGN_IN = timedelta(minutes=5)

# SECRET_KEY in characters; a shorter one can be guessed, and with it valid links can be forged.
SIGNING_KEY_LEAST = 32

# --- Second factor ---

# An authenticator app (RFC 6238, RFC 4226).
PENDING_AUTHENTICATOR = timedelta(minutes=30)  # long enough to install an app meanwhile
# "Geef me meer tijd" gives that time anew, as often as WCAG 2.2.1 asks for: ten times. A set-up always ends with the
# session in which it was begun.
PENDING_EXTENSIONS = 10
PENDING_EXTENSION_AGAIN = timedelta(minutes=1)  # asked again this soon, it is one extension: a double click, a reload
TOTP_SECRET_BYTES = 20
TOTP_DIGITS = 6
TOTP_STEP = timedelta(seconds=30)
TOTP_WINDOW = 1  # steps accepted before and after the present one
# How far a wrong clock is recognised: every step as far as TOTP_DIAGNOSIS; then time zones and summer time, which are
# a multiple of TOTP_DIAGNOSIS_UNIT, as far as TOTP_DIAGNOSIS_ZONES; and a wrong date.
TOTP_DIAGNOSIS = timedelta(minutes=10)
TOTP_DIAGNOSIS_UNIT = timedelta(minutes=30)
TOTP_DIAGNOSIS_ZONES = timedelta(hours=14)
TOTP_DIAGNOSIS_DAY = timedelta(days=1)

# Passkeys (W3C Web Authentication).
PASSKEYS = 10  # at most, a person
PASSKEY_CHALLENGE = timedelta(minutes=5)  # for the answer to one; it is accepted once
PASSKEY_CHALLENGE_KEPT = timedelta(hours=1)  # what was used, also for a machine whose clock is that far behind
PASSKEY_LONGEST = 16_000  # characters of what a browser answers; with an attestation it is about 6,000
PASSKEY_OFFER_AGAIN = timedelta(days=30)  # after "later", in that browser
PASSKEY_LONGEST_ID = 1_023  # bytes of a credential id (section 4)

# --- Passwords ---

# Passwords (NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.1, 6.2.9).
PASSWORD_MIN_LENGTH = 15
PASSWORD_MAX_LENGTH = 128
PASSWORD_LONGEST_TYPED = 4096  # code points of any password as typed; a longer one is refused unchecked
PASSWORD_OWN_PART = 8  # letters that must remain without guessable names, digits and punctuation
BREACHED_TIMEOUT = timedelta(seconds=2)  # for the whole look-up; then the password is accepted without it
BREACHED_LONGEST_ANSWER = 200_000  # bytes; a padded range is about 50,000

# Argon2id (ASVS appendix C, the OWASP minimum): memory in KiB, passes, lanes.
ARGON2_MEMORY_KIB = 19 * 1024
ARGON2_TIME = 2
ARGON2_PARALLELISM = 1
EARLIER_HASHES_COUNTED = timedelta(hours=1)  # how long the shares of older password hashes are cached
HASHES_A_CORE = 2  # at once, for each processor core of a process; each takes ARGON2_MEMORY_KIB
HASH_WAIT = timedelta(seconds=2)  # for a hash to begin; then the visitor gets a page that says how busy it is
BUSY_AGAIN = timedelta(seconds=5)  # after which that page asks to try again

# --- Mailed links ---

PASSWORD_RESET_LINK = timedelta(minutes=60)
INVITATION_LINK = timedelta(days=7)  # of an account without a password that was never used
INVITATION_RENEWAL = timedelta(days=90)  # after an administrator's invitation its link still offers a fresh one

# --- Waiting times after wrong attempts ---

# Wrong codes after a right password: every five cost a wait, the first shorter than those after it.
CODE_FREE_FAILURES = 5
CODE_WAITS = (timedelta(minutes=15), timedelta(hours=1))
CODE_STOLEN_AFTER = 10  # in a row: the password counts as stolen, the code step is closed until a reset by mail
CODE_CAP = 20  # from browsers that never signed in fully, in any CODE_CAP_PERIOD; a success does not clear it
CODE_CAP_PERIOD = timedelta(days=30)

# Wrong passwords: five free, then a wait that doubles.
PASSWORD_FREE_FAILURES = 5
PASSWORD_FIRST_WAIT = timedelta(seconds=30)
PASSWORD_LONGEST_WAIT = timedelta(hours=1)
# Failures of unknown browsers count for each network apart, so that a stranger does not make the owner wait. After so
# many in a row, of all networks together, every network waits PASSWORD_LONGEST_WAIT after each failure.
PASSWORD_FAILURES_OF_ALL = 50
PASSWORD_NETWORKS = 50  # the newest networks remembered for one account
MAILED_PROOF = timedelta(hours=1)  # a browser that used a mailed link is exempt from waits that strangers caused
# Where password and code are checked together: a refusal always takes this long, so that the time does not tell which
# of them was right; after so many refusals the password is asked again.
PASSWORD_WITH_CODE_ANSWER = timedelta(milliseconds=400)
PASSWORD_WITH_CODE_TRIES = 5
ALERT_MAIL_INTERVAL = timedelta(hours=24)  # between two mails about wrong codes, or about the emergency account
PASSWORD_MOST_FAILURES = 100  # in a row, then only a reset by mail helps (NIST SP 800-63B-4 section 3.2.2)
NETWORK_FAILURES = 30  # wrong passwords by unknown browsers from one network address in a NETWORK_PERIOD
NETWORK_PERIOD = timedelta(hours=1)
# A limit by network address also holds for the larger networks around that address, multiplied by these factors.
NETWORK_HOME = 2  # an IPv6 network of 56 bits, which one home line has
NETWORK_SITE = 10  # one of 48 bits, which a company has
NETWORK_UNREADABLE = 20  # all visitors of a proxy that does not pass their addresses on, together
# All unknown browsers together, in a NETWORK_PERIOD. More raises an alarm, once in that time; nobody is refused.
SPRAYING_REFUSALS = 1_000  # sign-ins refused for a wrong password or code
SPRAYING_ACCOUNTS = 100  # accounts with a refused sign-in and no right one after it

# A browser in which the owner signed in fully has a bucket of its own; it never replaces a factor.
KNOWN_BROWSER = timedelta(days=180)
KNOWN_BROWSER_FAILURES = 5
KNOWN_BROWSER_PERIOD = timedelta(minutes=15)
# Right passwords without a second factor, from unknown browsers, in a NEW_BROWSER_SIGN_INS_PERIOD: whoever stole a
# password must not displace the owner's sessions. From the first number on the owner is warned, beyond the second they
# are refused until there is a new password.
NEW_BROWSER_SIGN_INS_TOLD = 5
NEW_BROWSER_SIGN_INS = 10
NEW_BROWSER_SIGN_INS_PERIOD = timedelta(hours=1)
NEW_BROWSER_SIGN_INS_TOLD_AGAIN = timedelta(days=1)
KNOWN_BROWSER_CLOSED_AFTER = 10  # wrong codes in a row: from then on the browser counts as a stranger

# --- Recovery ---

# Recovery codes (NIST SP 800-63B-4 section 4.2.1.1).
RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10  # 80 bits
RECOVERY_CODES_SHOWN = timedelta(minutes=15)  # new ones, at most; until "Ik heb ze bewaard"
RECOVERY_CODES_FEW = 3
RECOVERY_CODES_QUESTION = timedelta(days=30)  # "are they still at hand?"
AUTHENTICATORS = 5  # at most, a person
# Apps no longer in use: their codes are recognised to tell the person which phone it is, and are refused.
FORMER_AUTHENTICATORS = 5  # a person, the newest
FORMER_AUTHENTICATOR_KEPT = timedelta(days=30)

# "Dit was ik niet" and the cancelling of a request for help.
NOT_ME_LINK = timedelta(days=7)
# After a reset by support (NIST SP 800-63B-4 section 4.2.1): the mailed link, and the code that is read out.
RECOVERY_LINK = timedelta(hours=24)
RECOVERY_LINK_MAILS = 3  # that the person asks for, in a RECOVERY_LINK_MAILS_PERIOD
RECOVERY_LINK_MAILS_PERIOD = timedelta(hours=1)
BRIDGE_CODE = timedelta(minutes=15)
BRIDGE_CODE_SIGNS = 8  # of 28: 38 bits, after the right password, for a quarter of an hour
BRIDGE_CODE_TRIES = 5  # wrong ones; then the code is void
LOST_PHONE_REQUEST = timedelta(days=1)
LOST_PHONE_REQUEST_KEPT = timedelta(days=90)

# --- Support desk ---

FIND_LEAST = 3  # letters, before beginnings of names and addresses are searched
FIND_MOST = 20  # people in a result list; a longer text finds others
LOOKED_UP_AGAIN = timedelta(minutes=15)  # looking at the same person is recorded once in this time
LOOK_UPS = 100  # people that one worker looks at in a LOOK_UPS_PERIOD; then the worker waits, and an alarm is mailed
LOOK_UPS_PERIOD = timedelta(hours=1)
WAITING_SHOWN = 20  # on the first page of the desk, the oldest first
ATTEMPTS_SHOWN = 20
INTERVENTIONS_SHOWN = 20
REPORTS_SHOWN = 50
WARNING_PERIOD = timedelta(days=7)  # how far back a new address or password is a warning
WARNING_REQUESTS = 3  # requests for help in a WARNING_REQUESTS_PERIOD are a warning
WARNING_REQUESTS_PERIOD = timedelta(days=1)
CALLER_CHECK = timedelta(minutes=15)  # for the words, and for a code after them (NIST SP 800-63B-4 section 4.2.2)
CALLER_CHECK_TRIES = 3
CALLER_CHECK_MAILS = 3  # to one person, in a CALLER_CHECK_MAILS_PERIOD
CALLER_CHECK_MAILS_PERIOD = timedelta(hours=1)
# Wrong words, whatever mails were sent in between: of one person by all workers, and by one worker of all people. Two
# words are one of 103,684 pairs, so guesses about one person hit in a year with a chance of 1.3 in 1,000; a code still
# needs the password beside it.
CALLER_CHECK_WRONG = 10
CALLER_CHECK_WRONG_PERIOD = timedelta(days=30)
WORKER_WRONG_WORDS = 15  # then the worker is stopped
WORKER_WRONG_WORDS_PERIOD = timedelta(hours=24)
WORKER_RESETS = 10  # resets and codes by one worker in a WORKER_RESETS_PERIOD; then the worker is stopped
WORKER_RESETS_PERIOD = timedelta(hours=1)
WORKER_LIFTS = 20  # waits lifted by one worker in a WORKER_RESETS_PERIOD; then the worker is stopped
LIFTED_WAITS = 3  # for one person, in a LIFTED_WAITS_PERIOD
LIFTED_WAITS_PERIOD = timedelta(hours=24)
FORMER_ADDRESSES = 5  # of one person, notified as well until the second factor is shown again
# A privileged person is helped after a second worker approved, or this long after a mail with a link to cancel.
INTERVENTION_WAITS = timedelta(hours=24)
INTERVENTION_READY = timedelta(hours=24)  # after the approval or the wait; then it is void
ADDRESS_LINK = timedelta(hours=24)
RESET_MAILS = 3  # to one person, in a RESET_MAILS_PERIOD; more are silently not sent
RESET_MAILS_PERIOD = timedelta(hours=1)
RESET_MAILS_NETWORK = 30  # from one network address, in a RESET_MAILS_PERIOD
PASSWORD_CHANGES = 3  # by one person with the present password, in a PASSWORD_CHANGES_PERIOD; each voids mailed links
PASSWORD_CHANGES_PERIOD = timedelta(hours=1)
INVITATION_MAILS = 5  # to one address, in an INVITATION_MAILS_PERIOD, beside the first
INVITATION_MAILS_PERIOD = timedelta(days=1)
# What somebody who works for one organisation learns about addresses that people elsewhere have.
ADDRESSES_TOLD = 20  # of lists that are looked at, in an ADDRESSES_TOLD_PERIOD
ADDRESSES_TOLD_PERIOD = timedelta(days=1)
ADDRESSES_TYPED = 50  # one by one, in an ADDRESSES_TYPED_PERIOD; lists are for more
ADDRESSES_TYPED_PERIOD = timedelta(hours=1)
ADDRESS_MAILS = 3  # by one person, and to one new address, in an ADDRESS_MAILS_PERIOD
ADDRESS_MAILS_PERIOD = timedelta(hours=1)

GREETING_NAME_LENGTH = 40  # characters; a mail does not greet by a longer first name

# --- Outbound requests, cache and database ---

# Mail and other outside services may keep nobody waiting longer than this.
OUTSIDE_TIMEOUT = timedelta(seconds=5)
OUTSIDE_FAILED = timedelta(seconds=30)  # one that failed is not asked again for so long
OUTSIDE_RETRY_AFTER = timedelta(minutes=2)  # or for as long as it asks for itself, up to this
# When as many requests to a service run as may, another one waits this long for a place; longer if the service answered
# just now, because then one comes free soon. At most OUTSIDE_WAITING wait; for a service that is not known to work, at
# most as many as may run.
OUTSIDE_TURN = timedelta(seconds=0.25)
OUTSIDE_TURN_WORKING = timedelta(seconds=1)
OUTSIDE_WAITING = 8
# How many requests of one process wait for an answer from outside, all services together: fewer than REQUEST_THREADS,
# so that some are always left for everybody else.
OUTSIDE_AT_ONCE = 6
BREACHED_AT_ONCE = 2  # look-ups of stolen passwords, a process
DNS_AT_ONCE = 1  # look-ups of one domain, a process
MAIL_OUTCOME_WAIT = timedelta(seconds=3)  # that a page for staff waits for the answer of the mail server

# Mail that is not taken by the mail server at once: the waits before the next tries, the last one again and again until
# the mail is this old.
MAIL_WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=2),
)
MAIL_GIVEN_UP = timedelta(days=1)
MAIL_RETRY = timedelta(days=7)  # after its end a superuser can try a mail again that was not sent; then its text goes
MAIL_KEPT = timedelta(days=30)  # to whom which mail was sent
QUEUE_SHOWN = 100  # mails, and other tasks, on the page of the queue
MAILS_SHOWN = 10  # of a person, for administrators and support

# The worker that does work in the background.
TASK_POLL = timedelta(seconds=0.5)  # that an idle thread waits before it looks for tasks again
TASK_KEPT = timedelta(days=7)  # after its end
TASK_TRIES = 5  # workers that end with a task in hand; then it is not begun anew
TASK_HEARTBEAT = timedelta(seconds=10)
TASK_WORKER_LOST = timedelta(seconds=45)  # not seen for so long, its tasks are begun anew by others
TASK_WORKER_AGAIN = timedelta(seconds=5)  # after a fault of the database, and before a worker that ended is replaced

# The cache that all processes share: the timeout of one call, and how long it is not called after a failure.
CACHE_TIMEOUT = timedelta(milliseconds=250)
CACHE_REST = timedelta(seconds=5)
CACHE_CONNECTING = 4  # threads of a process that wait for a connection
CACHE_ENTRIES = 20_000  # in the memory of a process; the longest unused go first

# PostgreSQL.
DATABASE_WAIT = timedelta(seconds=2)  # for a working connection; a restart of PostgreSQL takes about one second
DATABASE_ANSWER = timedelta(seconds=1)  # of that, for one connection to answer
DATABASE_REST = timedelta(seconds=1)  # after no connection was got, before the next request tries
DATABASE_SILENCE = timedelta(seconds=10)  # of the network, after which a connection counts as lost
DATABASE_BACKGROUND = 3  # connections of a process beside REQUEST_THREADS: two of `/readyz`, presence
UNAVAILABLE_AGAIN = timedelta(seconds=10)  # Retry-After of the answers during an outage

# --- Single sign-on ---

# Single sign-on: everything that one request of a visitor asks of a provider together takes OUTSIDE_TIMEOUT at most.
SSO_AT_ONCE = 2  # exchanges with one provider, a process
SSO_LEAVING = timedelta(seconds=1)  # for requests to a provider at a sign-out; our session has ended by then
SSO_LONGEST_ANSWER = 500_000  # bytes; a token endpoint sends a few thousand, a key set of a large provider 30,000
SSO_LONGEST_TOKEN = 50_000  # characters of a token in compact form
SSO_LONGEST_SUBJECT = 255  # characters (OpenID Connect Core section 2)
SSO_METADATA = timedelta(hours=1)  # how long keys are cached, and metadata with which a sign-in succeeded
SSO_UNPROVED = timedelta(minutes=1)  # how long metadata is cached with which no sign-in succeeded yet
SSO_KEYS_AGAIN = timedelta(minutes=1)  # before a refusal, keys and metadata are fetched again at most this often
SSO_KEYS = 100  # of one provider; more are left unread
SSO_SKEW = timedelta(seconds=60)  # how far the clock of a provider may be off
SSO_TOKEN_AGE = timedelta(minutes=5)  # an ID token or logout token that was made longer ago is too old
SSO_ASSERTION = timedelta(minutes=1)  # life of our own proof with a key pair
SSO_TRANSACTION = timedelta(minutes=15)  # between leaving for the provider and coming back
SSO_TRANSACTIONS = 5  # at once, a browser: one a tab
SSO_STARTS = 100  # from one network address, in a SSO_STARTS_PERIOD; a whole office begins at nine
SSO_STARTS_PERIOD = timedelta(minutes=1)
# Refused logout tokens in an SSO_LOGOUT_PERIOD. Beyond the first number, tokens from that network are not examined.
# Beyond the second, a token causes no request to the provider, unless its network sent a valid one before.
SSO_LOGOUT_NETWORK = 20
SSO_LOGOUT_ORGANISATION = 60
SSO_LOGOUT_PERIOD = timedelta(minutes=1)
SSO_LOGOUT_KNOWN = timedelta(days=30)  # how long a network that sent a valid one is remembered
SSO_GROUPS = 200  # values of the claim with groups that are looked at
SSO_WORKED_EVERY = timedelta(minutes=1)  # "last worked" is stored at most this often, not on every sign-in

# --- Health, logs and requests ---

# The answer of `/readyz`.
READY_TIMEOUT = timedelta(seconds=2)  # how long `/readyz` waits for the database
READY_KEPT = timedelta(seconds=1)  # how long an answer is reused
READY_STALE = timedelta(seconds=30)  # how old a reused answer may be while a check runs
READY_AGAIN = timedelta(seconds=3)  # how long the answer "not ready" is reused
# What `/readyz` warns of, without taking the process out of service.
WARNINGS_KEPT = timedelta(seconds=10)  # how long what was found is reused
WARNINGS_WAIT = timedelta(milliseconds=500)  # for what is new, when somebody asks for details
CLOCK_OFF = timedelta(seconds=15)  # codes of authenticator apps change every 30 s
CLOCK_ASKED = timedelta(minutes=10)  # how often CLOCK_URL is asked
MAIL_LATE = timedelta(minutes=5)  # the oldest mail that waits; a link to set a password should come within a minute
TASK_WORKER_AWAY = timedelta(minutes=2)  # since a worker last said that it is there
# Metrics.
METRICS_ORGANISATIONS = 100  # that a process counts by name; the others are counted together
METRICS_DEADLINE = timedelta(seconds=5)  # for whoever asks for metrics
LOG_AGAIN = timedelta(minutes=10)  # a fault that every request shows is in the log once in this time, a process

SECURITY_CONTACT = timedelta(days=180)  # how long security.txt may be relied upon; RFC 9116 asks for less than a year

# The body of a request, in bytes. Uploads have limits of their own: LARGEST_IMPORT_BODY, LARGEST_PICTURE_BODY.
LARGEST_BODY = 1_000_000
LONGEST_VALUE = 32_000  # characters of one field of a form; what a field itself allows is less, and it says so
# Other parts of a request, in characters.
LONGEST_ADDRESS = 8_000  # with its query; servers and proxies usually stop there too
LONGEST_HEADER = 64_000  # browsers send the cookies of a whole parent domain in one
LONGEST_TYPE = 1_000  # of Content-Type and Accept

# Reports of browsers about the content security policy.
POLICY_REPORT_BYTES = 16_000
POLICY_REPORTS_AT_ONCE = 10  # in one request; more are left unread
POLICY_REPORTS = 20  # requests from one address, in a POLICY_REPORTS_PERIOD
POLICY_REPORTS_OF_ALL = 200
POLICY_REPORTS_PERIOD = timedelta(minutes=1)

# --- Changing keys ---

KEYS_NOTED = timedelta(seconds=5)  # how often a process notes which keys it has, and reads which one is in use
KEY_IN_USE_KEPT = timedelta(seconds=10)  # what was read counts at most so long
PROCESS_GONE = timedelta(seconds=60)  # a process that noted nothing for so long has ended

# --- Audit trail ---

SEAL_AFTER = timedelta(seconds=3)  # after the first unsealed entry
SEAL_BATCH = 500  # entries a transaction; short, because SQLite has one writer at a time
SEAL_LOOK_BACK = 10_000  # ids: a transaction may commit after ones with a higher id, but not this much later
ACTIVITY_PAGE = 50
# Refusals that strangers can cause without end, about one person or organisation: so many in a REFUSAL_ENTRIES_PERIOD
# get an entry each, the rest get one together, with a count.
REFUSAL_ENTRIES = 20
REFUSAL_ENTRIES_PERIOD = timedelta(hours=1)

# --- Set-up of single sign-on ---

MAIL_DOMAINS = 20  # at most, an organisation
MAIL_DOMAINS_PROPOSED = 3  # of the addresses of its members
SAMPLE_OF_MEMBERS = 2_000  # members whose addresses are looked at for that
EMERGENCY_ACCOUNTS_OFFERED = 100  # people in one list to choose from
DOMAIN_TOKEN_BYTES = 16  # 128 bits, in the DNS record that proves a domain
DNS_TEXTS = 100  # TXT records at one name; more are no proof of anything
DNS_BYTES = 20_000  # of all texts at one name together
SSO_CHECKS = 10  # look-ups outside that one organisation's set-up pages start, in an SSO_CHECKS_PERIOD
SSO_CHECKS_PERIOD = timedelta(minutes=1)
SSO_TRIAL_CLAIMS = 60  # shown of a test sign-in
SSO_TRIAL_VALUE = 500  # characters of each
SSO_KEY_BITS = 3072  # RSA (ASVS 11.2.3)
SSO_KEY_LIFE = timedelta(days=730)  # of the certificate that belongs to our key pair
SECRET_WARNINGS = (timedelta(days=30), timedelta(days=7))  # before the secret or the certificate expires

# --- MFA policy ---

# What an organisation demands of the sign-in.
DEMAND_RECENT = timedelta(days=90)  # people who signed in within it count as active
DEMAND_AHEAD = timedelta(days=730)  # the latest first day of a requirement; a later one is refused as a typing mistake
DEMAND_SUGGESTED = timedelta(days=35)  # the first day that the form suggests: every reminder still lies ahead
NAMES_PAGE = 100
ORGANISATIONS_PAGE = 50
REMINDER_DAYS = (30, 14, 7, 1, 0)  # before the first day
REMINDER_INVITATION_DAYS = (30, 7)  # people who never chose a password are invited again instead
REMINDER_CATCH_UP = timedelta(days=3)  # how late the last one may still go out
REMINDER_BATCH = 200  # people a transaction; the next waits until these mails are sent
REMINDERS_KEPT = timedelta(days=90)  # after the first day
CHART_PERIOD = timedelta(days=90)
SNAPSHOTS_KEPT = timedelta(days=730)

# --- Administration pages ---

COUNTED_PEOPLE = 5_000  # a list counts no further and says "more than"; counting a million takes too long
FOUND_PEOPLE = 250  # by a search, for each way that a text can name somebody
FILTER_CHOICES = 10  # organisations or environments beside a list; of more, a part of the name is typed
SUGGESTED = 50  # organisations offered while one types a name
ADMIN_SEARCH_LONGEST = 254  # characters; nothing has a longer name or address
ADMIN_ORDER_LONGEST = 20  # characters of the columns in an address, by which a list is sorted
NAMED_IN_DELETION = 50  # rows named before they are deleted; what goes with them is counted
PEOPLE_AT_ONCE = 500  # deactivated or invited again with one click
NOT_SEEN = timedelta(days=90)  # the filter "not seen for a long time"
IMPORT_LINES = 5_000  # in one list; pasted, it fits into LARGEST_BODY
IMPORT_BYTES = 4_000_000  # of a file; a list as long as that in UTF-16, or a workbook with a picture
LARGEST_IMPORT_BODY = IMPORT_BYTES + LARGEST_BODY  # the file with the rest of its form
# Limits of the subprocess that reads a workbook.
WORKBOOK_ENTRIES = 1_000  # files in the archive that it is
WORKBOOK_UNPACKED = 40_000_000  # bytes
WORKBOOK_SHEETS = 50  # more are not looked at
WORKBOOK_ROWS = 20_000  # with anything in them, of all sheets together
WORKBOOK_CELLS = 2_000_000  # in a sheet, from its first to its last
WORKBOOK_MEMORY = 400_000_000  # bytes
WORKBOOK_SECONDS = timedelta(seconds=10)  # of a processor; twice that by the clock
WORKBOOKS_AT_ONCE = 2  # that are read, in a process
# How long a request waits until another upload has been read; then its sender is asked to come back.
UPLOAD_TURN = timedelta(seconds=3)
IMPORT_PAGE = 100  # lines shown at once
IMPORT_TURN = timedelta(seconds=10)  # of one list, before other tasks of the worker have theirs
IMPORT_BATCH = 25  # people a transaction; short, because SQLite has one writer at a time
IMPORT_LEASE = timedelta(seconds=30)  # without a heartbeat the work of a list counts as interrupted
IMPORT_UNCONFIRMED_KEPT = timedelta(days=1)
IMPORT_MAIL_WATCHED = timedelta(minutes=15)  # so long the page of a list counts the invitations that are on their way
IMPORT_MAIL_LOST = MAIL_GIVEN_UP + timedelta(hours=1)  # then an invitation without an outcome may be sent again
IMPORT_KEPT = timedelta(days=30)
AUDIT_PAGE = 50  # entries on a page of the search
AUDIT_PEOPLE = 50  # that one search looks for at a time; a beginning of an address that fits more is refused
AUDIT_CLOCK_SKEW = timedelta(minutes=10)  # how far the clocks of two machines may differ before a period misses entries
AUDIT_CLOCK_SAMPLE = 20  # entries compared on each side of a period, so that one wrong clock hides nothing
EXPORT_ROWS = 20_000  # in one request; the command has no limit
MOVE_BATCH = 500  # rows of one table that go to another database at a time
EXPORT_BATCH = 500  # rows of any export read at a time
EXPORT_LINE_BYTES = 65_536  # the longest line of an exported file that is read; ours are below 8,000

# --- Environments ---

ENVIRONMENTS_PAGE = 60  # tiles on one page
TILES_REMEMBERED = 2_048  # the markup of this many in each process, 1 kB each
ENVIRONMENTS_RECENT = 6  # tiles under "opened recently"
ENVIRONMENTS_FEW = 5  # that are seen at a glance: no search, no headings, and each keeps its place
HOSTS_AT_ONCE = 12  # other domains that one notice names
SEARCH_LONGEST = 100  # characters

NEW_ADDRESS_WAITS = timedelta(hours=24)  # of an environment, unless a second administrator approves it

# The picture of an environment. It is a square on its tile, 72 CSS pixels wide, for screens of one to four times that.
PICTURE_BYTES = 8_000_000  # of the file that is uploaded
# Pixels, by format: decoding as many takes about 200 MB of memory for a moment.
PICTURE_PIXELS = {"JPEG": 25_000_000, "PNG": 25_000_000, "WEBP": 12_500_000}
PICTURE_SHORTEST_SIDE = 288
PICTURE_SCANS = 100  # of a JPEG; programs make about ten, and each goes over all pixels
# Limits of the subprocess that converts one; one of them runs at a time.
PICTURE_MEMORY = 600_000_000  # bytes of addresses, of which Python and Pillow take 100 MB
PICTURE_SECONDS = timedelta(seconds=5)  # of a processor; twice that by the clock
PICTURE_WIDTHS = (72, 144, 288)
PICTURE_QUALITY = 80  # of WebP, 0 to 100
# The logo of an organisation: the limits of a picture, but whole and not cut to a square.
LOGO_BOX = (480, 144)  # pixels that it must fit into, twice or more of what it takes on the page
LOGO_SHORTEST_SIDE = 48
LARGEST_PICTURE_BODY = PICTURE_BYTES + 100_000  # the file with the rest of its form

# --- Server ---

# The server. The numbers hold for one worker process.
REQUEST_THREADS = 8  # that answer requests
REQUESTS_WAITING = 100  # for a thread; more get a page that says how busy it is
HEAD_DEADLINE = timedelta(seconds=10)  # for the whole head of a request, from the first byte or the new connection
LARGEST_HEAD = 128_000  # bytes; browsers send all cookies of a parent domain along
HEADERS = 200  # in one head
BODY_DEADLINE = timedelta(seconds=5)  # for a body up to LARGEST_BODY; as much again for each further LARGEST_BODY
BODIES_AT_ONCE = 100  # unfinished ones
BODIES_AN_ADDRESS = 20  # of them from one network address
LARGE_BODIES_AT_ONCE = 4  # of them larger than LARGEST_BODY
KEPT_ALIVE = timedelta(seconds=75)  # an idle connection; longer than proxies keep theirs, so that these close first
ANSWER_DEADLINE = timedelta(minutes=2)  # for a visitor to take an answer
ANSWER_IN_MEMORY = 1_000_000  # bytes; the rest of a longer one waits on disk
ANSWER_PART = 64_000  # bytes sent at once
CONNECTIONS = 1_000
OTHER_FILES = 100  # open files of a process beside connections: databases, outbound requests, its own
CONNECTIONS_AN_ADDRESS = 100  # that came in without a trusted proxy
STUCK_AFTER = timedelta(seconds=60)  # in which all threads were busy with the same requests: the worker is replaced
SILENT_AFTER = timedelta(seconds=30)  # without a heartbeat: the worker is replaced
STOP_DEADLINE = timedelta(seconds=20)  # for requests under way when the server is told to stop
