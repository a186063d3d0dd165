"""Webhooks that leave: every change to every endpoint, signed, each endpoint at its own pace."""
