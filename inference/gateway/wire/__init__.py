"""HTTP/1.1 spoken by ourselves on both sides: what the gateway costs beside a bare proxy."""
