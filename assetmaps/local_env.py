"""Prints environment variables for local development: `python -m assetmaps.local_env > var/run.env`.

The keys are random and stay in that file, so that demo data can still be decrypted after a restart.
"""

import base64
import secrets

if __name__ == "__main__":
    print(f"SECRET_KEY={secrets.token_urlsafe(50)}")
    print(f"ENCRYPTION_KEYS={base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}")
    print("ALLOWED_HOSTS=localhost,127.0.0.1,[::1]")
    print("EMAIL_URL=consolemail://")
