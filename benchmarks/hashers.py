from django.contrib.auth.hashers import BasePasswordHasher


class NoHash(BasePasswordHasher):
    """Takes no time, so that only the rest of the sign-in is measured."""

    algorithm = "nothing"

    def encode(self, password: str, salt: str) -> str:
        return f"nothing$${password}"

    def verify(self, password: str, encoded: str) -> bool:
        return encoded == self.encode(password, "")

    def decode(self, encoded: str) -> dict:
        return {"algorithm": self.algorithm, "salt": ""}

    def must_update(self, encoded: str) -> bool:
        return False

    def salt(self) -> str:
        return ""
