"""What a telemetry costs, in bytes, time and connections, beside what people use today. `make bench` runs it."""
