"""What the gateway costs beside a proxy that does nothing but proxy."""
