"""The message hub: nats-server with MQTT and JetStream, configured, started and looked after."""
