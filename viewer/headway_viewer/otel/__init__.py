"""`headway otel`: a span of OpenTelemetry for each operation and stage that has ended."""
