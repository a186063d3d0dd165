"""A deterministic city: sensors, weather and a drawn street camera, with the truth about them known.

Needs the extra ``[sim]`` alone: it publishes to any MQTT 3.1.1 broker, with or without a gateway.
"""
