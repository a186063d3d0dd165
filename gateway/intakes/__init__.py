"""Ways in: how messages come from the hub to the worker, by MQTT or by JetStream."""
