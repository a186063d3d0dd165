"""What every process needs: clock, configuration, outbox, journal, MQTT session, logging.

One noun per file. Imports nothing of ours but the wire vocabulary in ``contracts``.
"""
