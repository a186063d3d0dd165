"""Simulated sensors on real wires: Modbus TCP, HTTP/JSON and LoRaWAN uplinks over MQTT."""
