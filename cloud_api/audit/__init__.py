"""The audit log: who read or changed what, hash-chained, its signed heads kept outside the database."""
