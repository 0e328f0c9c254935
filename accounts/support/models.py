"""No tables yet. The module must exist: Django tells only apps that have one when a migration is done."""
