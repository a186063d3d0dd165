"""The gateway: messages of a district in, events out.

Intake, dedupe, the journal, the rule host with its checkpoint, event delivery and telemetry.
"""
