from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts import limits


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum (ASVS appendix C). Django's default takes 100 MiB a hash: with eight people signing
    in at once that is a way to exhaust the memory. Hashes made with other costs are read, and renewed at sign-in."""

    memory_cost = limits.ARGON2_MEMORY_KIB
    time_cost = limits.ARGON2_TIME
    parallelism = limits.ARGON2_PARALLELISM
